import type { Call, CallId } from './call.ts';
import type { DeviceId } from './device.ts';
import type { Monitoring } from './monitoring.ts';
import type { Supervision } from './supervision.ts';

/** What the core tells the world. Each is said once, after it is true. */
export type EarpieceEvent =
  /** The subscription of a supervisor's device is another one, or (`undefined`) none. */
  | {
      readonly type: 'monitoring.changed';
      readonly supervisorDeviceId: DeviceId;
      readonly monitoring: Monitoring | undefined;
    }
  /** A device registered or went away. */
  | { readonly type: 'device.changed'; readonly deviceId: DeviceId }
  /** A step of a subscription could not be stored; it has not been taken. */
  | { readonly type: 'monitoring.failed'; readonly supervisorDeviceId: DeviceId; readonly reason: string }
  | { readonly type: 'call.established'; readonly call: Call }
  | { readonly type: 'call.ended'; readonly call: Call }
  /** The call should have been anchored from its beginning and could not be; the parties talk directly. */
  | { readonly type: 'call.unanchored'; readonly call: Call; readonly reason: string }
  /** The parties could not be given direct media: they go on in the room, or do not hear each other. */
  | { readonly type: 'call.degraded'; readonly call: Call; readonly reason: string }
  | { readonly type: 'supervision.alerting'; readonly supervision: Supervision }
  /** `joinMs`: from the decision to bring the supervisor in until its mouth and ears were open. */
  | { readonly type: 'supervision.active'; readonly supervision: Supervision; readonly joinMs: number }
  /** The room is gone and with it the supervisor's audio; its phone stays up, and it is taken into another room. */
  | { readonly type: 'supervision.interrupted'; readonly supervision: Supervision; readonly reason: string }
  /** It is in another room, with what it may do now. `interruptedMs`: since its room was lost. */
  | { readonly type: 'supervision.resumed'; readonly supervision: Supervision; readonly interruptedMs: number }
  /** What the supervisor may do in the live call is another operation now. */
  | { readonly type: 'supervision.switched'; readonly supervision: Supervision }
  /** The supervision's state is `ended` and says how. */
  | { readonly type: 'supervision.ended'; readonly supervision: Supervision }
  | { readonly type: 'room.opened'; readonly callId: CallId }
  | { readonly type: 'room.released'; readonly callId: CallId }
  | { readonly type: 'room.lost'; readonly callId: CallId; readonly reason: string };
