import { type Call, parties } from '../coaching/call.ts';
import type { DeviceId } from '../coaching/device.ts';
import type { LegId, Party } from '../coaching/leg.ts';
import type { Uris } from './uris.ts';

export type CallState = 'Ringing' | 'Established' | 'Held' | 'Released';

/** A call from where one of its people stands. */
export interface SeenCall {
  readonly call: Call;
  readonly state: CallState;
  readonly deviceId: DeviceId;
  readonly phoneNumber: string;
  /** The leg of the one who looks; a supervisor has none among the parties and sees both. */
  readonly own: LegId | undefined;
  /** Whether a supervisor is in the call on the side of the one who looks. */
  readonly supervisorListeningIn: boolean;
}

/** The message that tells how a call stands. */
export function callStateChange(seen: SeenCall, uris: Uris) {
  return {
    messageType: 'CallStateChangeMessage',
    notificationType: 'StatusChange',
    call: callResource(seen, uris),
    phoneNumber: seen.phoneNumber,
    extensions: {},
  };
}

function callResource({ call, state, deviceId, own, supervisorListeningIn }: SeenCall, uris: Uris) {
  return {
    id: call.id,
    state,
    callUuid: call.id,
    connId: call.id,
    deviceUri: uris.device(deviceId),
    participants: parties(call)
      .filter(({ legId }) => legId !== own)
      .map(participant),
    dnis: call.dnis,
    callType: call.type,
    capabilities: [],
    userData: {},
    duration: '0',
    mute: 'Off',
    monitoring: own === undefined,
    supervisorListeningIn,
    uri: uris.call(call.id),
    path: `/calls/${call.id}`,
  };
}

function participant({ phoneNumber, displayName }: Party) {
  return {
    e164Number: phoneNumber,
    formattedPhoneNumber: phoneNumber,
    phoneNumber,
    digits: phoneNumber,
    ...(displayName !== undefined && { displayName }),
  };
}
