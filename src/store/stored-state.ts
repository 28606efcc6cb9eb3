import { z } from 'zod';
import type { MonitoringState } from '../coaching/monitoring.ts';

const monitoring = z.object({
  supervisorDeviceId: z.string(),
  targetDeviceId: z.string(),
  operation: z.enum(['ListenIn', 'Coach', 'BargeIn']),
  scope: z.enum(['Call', 'Agent']),
  mode: z.enum(['AllCalls', 'NextCall']),
});

const session = { supervisionId: z.string(), callId: z.string(), instanceId: z.string() };

export const storedState = z.discriminatedUnion('is', [
  z.object({ is: z.literal('armed'), monitoring }),
  z.object({ is: z.literal(['alerting', 'active']), monitoring, ...session }),
]);

export type StoredState = Exclude<MonitoringState, { is: 'none' }>;

/** What a store has kept, be it of another version of Earpiece or of somebody else: `undefined` when it makes no sense. */
export function parseStoredState(text: string): StoredState | undefined {
  return storedState.safeParse(parseJson(text)).data;
}

/** `undefined` for what is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
