import type { DeviceId } from './device.ts';
import type { LegId, Party } from './leg.ts';

export type CallId = string;

export type CallType = 'Internal' | 'Inbound' | 'Outbound';

/** One conversation of two parties, held by the B2BUA. */
export interface Call {
  readonly id: CallId;
  readonly caller: Party;
  readonly callee: Party;
  readonly type: CallType;
  /** The number that was dialled. */
  readonly dnis: string;
}

export const parties = (call: Call): readonly [Party, Party] => [call.caller, call.callee];

export const legIds = (call: Call): LegId[] => parties(call).map(({ legId }) => legId);

/** The party that speaks through this device; the callee before the caller: the one was rung there, the other said so itself. */
export const partyOf = (call: Call, deviceId: DeviceId): Party | undefined =>
  [call.callee, call.caller].find((party) => party.deviceId === deviceId);

/** The leg at the other end of the conversation. */
export function farLeg(call: Call, legId: LegId): LegId {
  return call.caller.legId === legId ? call.callee.legId : call.caller.legId;
}

/** How one speaks of the phone of a party. `agents`: the legs that are monitored. */
export function phoneOf(call: Call, legId: LegId, agents: readonly LegId[]): string {
  if (agents.includes(legId)) return "the agent's phone";
  return legId === call.caller.legId ? "the caller's phone" : "the callee's phone";
}
