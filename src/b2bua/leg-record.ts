import { z } from 'zod';
import type { Call } from '../coaching/call.ts';
import { dialogFacts } from './dialog-facts.ts';

/** What a process writes down of a leg, so that a later one can go on with it. */
export const legRecord = z.object({
  id: z.string(),
  dialog: dialogFacts,
  /** What the phone said last of its media, and what it was told. */
  remote: z.string(),
  local: z.string(),
});
export type LegRecord = z.infer<typeof legRecord>;

const party = z.object({
  legId: z.string(),
  deviceId: z.string().optional(),
  phoneNumber: z.string(),
  displayName: z.string().optional(),
});

const callRecord = z.object({
  is: z.literal('call'),
  call: z.object({
    id: z.string(),
    caller: party,
    callee: party,
    type: z.enum(['Internal', 'Inbound', 'Outbound']),
    dnis: z.string(),
  }),
  caller: legRecord,
  callee: legRecord,
  /** Where the phones were told to send their media. */
  media: z.enum(['direct', 'anchored']),
});
export type CallRecord = z.infer<typeof callRecord>;

/** The call as the core knows it. */
export function callOf({ caller, callee, ...rest }: CallRecord['call']): Call {
  const named = ({ deviceId, displayName, ...party }: typeof caller) => ({ ...party, deviceId, displayName });
  return { ...rest, caller: named(caller), callee: named(callee) };
}

const supervisorRecord = z.object({ is: z.literal('supervisor'), callId: z.string(), leg: legRecord });
export type SupervisorRecord = z.infer<typeof supervisorRecord>;

/** Everything that is written down. */
export const record = z.discriminatedUnion('is', [callRecord, supervisorRecord]);
