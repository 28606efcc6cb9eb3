import { type Call, type CallId, parties } from '../coaching/call.ts';
import type { DeviceId, UserId } from '../coaching/device.ts';
import type { EarpieceEvent } from '../coaching/events.ts';
import type { CallView } from '../coaching/switchboard.ts';
import type { Supervision, SupervisionEnd } from '../coaching/supervision.ts';
import { type CallState, callStateChange, type SeenCall } from './call.ts';
import type { DeviceResource } from './device.ts';
import { statusOf } from './status.ts';
import type { Uris } from './uris.ts';

/** A message for one user, as it goes over the wire on its channel. */
export interface Notification {
  readonly userId: UserId;
  readonly channel: '/v2/me/devices' | '/v2/me/calls';
  readonly message: Readonly<Record<string, unknown>>;
}

/** What the messages are made of, as it is when the event is told. */
export interface NotificationSource {
  readonly uris: Uris;
  device(id: DeviceId): DeviceResource;
  ownerId(id: DeviceId): UserId | undefined;
  /** The call, while it is up. */
  call(id: CallId): CallView | undefined;
  /** The call of a supervision, also when it has just ended. */
  callOf(supervision: Supervision): Call | undefined;
}

/** The messages that an event of the core means to the users. */
export function notifications(event: EarpieceEvent, source: NotificationSource): Notification[] {
  switch (event.type) {
    case 'monitoring.changed':
      return deviceStateChange(event.supervisorDeviceId, source);
    case 'monitoring.failed':
      return deviceStateChange(event.supervisorDeviceId, source, { statusCode: 4, statusMessage: event.reason });
    case 'device.changed':
      return deviceStateChange(event.deviceId, source);
    case 'call.established':
      return partyMessages(event.call, 'Established', source);
    case 'call.ended':
      return partyMessages(event.call, 'Released', source);
    case 'supervision.alerting':
      return supervisorMessage(event.supervision, 'Ringing', source);
    case 'supervision.active':
    case 'supervision.resumed':
    case 'supervision.switched':
      return [
        ...supervisorMessage(event.supervision, 'Established', source),
        ...agentMessage(event.supervision, source),
      ];
    // The call is there and its sound is not: the nearest word of the API. What the device is set to do has not changed.
    case 'supervision.interrupted':
      return [...supervisorMessage(event.supervision, 'Held', source), ...agentMessage(event.supervision, source)];
    case 'supervision.ended':
      return [
        ...supervisorMessage(event.supervision, 'Released', source),
        ...agentMessage(event.supervision, source),
        ...failureMessage(event.supervision, source),
      ];
    case 'call.unanchored':
    case 'call.degraded':
    case 'room.opened':
    case 'room.released':
    case 'room.lost':
      return [];
  }
}

/** The device as it is now; `more` stands beside it when something went wrong that nobody asked for. */
function deviceStateChange(id: DeviceId, source: NotificationSource, more: object = {}): Notification[] {
  const userId = source.ownerId(id);
  if (userId === undefined) return [];
  const message = { messageType: 'DeviceStateChangeMessage', devices: [source.device(id)], ...more };
  return [{ userId, channel: '/v2/me/devices', message }];
}

const FAILURES: Partial<Record<SupervisionEnd['outcome'], string>> = {
  busy: "the supervisor's phone is busy",
  'no-answer': "the supervisor's phone was not answered",
  declined: "the supervisor's phone declined the call",
  unreachable: "the supervisor's phone cannot be reached",
};

/** A supervision that ended otherwise than its supervisor, or life, wanted. The call itself is untouched. */
function failureMessage(supervision: Supervision, source: NotificationSource): Notification[] {
  if (supervision.state.is !== 'ended') return [];
  const { end } = supervision.state;
  const statusMessage = end.outcome === 'failed' ? end.message : FAILURES[end.outcome];
  if (statusMessage === undefined) return [];
  const { statusCode } = statusOf(end.outcome === 'failed' ? end.code : 'unavailable');
  const { id, callId, agentDeviceId, operation } = supervision;
  const extensions = {
    supervision: {
      id,
      callId,
      operation,
      targetDeviceUri: source.uris.device(agentDeviceId),
      outcome: end.outcome,
      ...(end.outcome === 'failed' && { code: end.code }),
    },
  };
  return deviceStateChange(supervision.supervisorDeviceId, source, { statusCode, statusMessage, extensions });
}

function partyMessages(call: Call, state: CallState, source: NotificationSource): Notification[] {
  return parties(call).flatMap(({ deviceId, legId }) => {
    if (deviceId === undefined) return [];
    return callMessage({ call, state, deviceId, own: legId, supervisorListeningIn: false }, source);
  });
}

/** The supervisor sees both parties. */
function supervisorMessage(supervision: Supervision, state: CallState, source: NotificationSource): Notification[] {
  const call = source.callOf(supervision);
  if (call === undefined) return [];
  const deviceId = supervision.supervisorDeviceId;
  return callMessage({ call, state, deviceId, own: undefined, supervisorListeningIn: false }, source);
}

/** The agent sees the far end only, and whether there is a supervisor. */
function agentMessage(supervision: Supervision, source: NotificationSource): Notification[] {
  const view = source.call(supervision.callId);
  if (view === undefined) return [];
  const { agentDeviceId: deviceId, agentLegId: own } = supervision;
  const supervisorListeningIn = view.supervisions.some((each) => each.agentLegId === own && each.state.is === 'active');
  return callMessage({ call: view.call, state: 'Established', deviceId, own, supervisorListeningIn }, source);
}

function callMessage(seen: Omit<SeenCall, 'phoneNumber'>, source: NotificationSource): Notification[] {
  const userId = source.ownerId(seen.deviceId);
  if (userId === undefined) return [];
  const { phoneNumber } = source.device(seen.deviceId);
  return [{ userId, channel: '/v2/me/calls', message: callStateChange({ ...seen, phoneNumber }, source.uris) }];
}
