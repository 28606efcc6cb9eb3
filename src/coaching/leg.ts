import type { DeviceId } from './device.ts';

/** Names one SIP dialog held by the B2BUA. */
export type LegId = string;

/** A session description (RFC 4566). The core passes it on and never reads it. */
export type Sdp = string;

/** A leg that talks: the agent, or the other side. */
export interface Party {
  readonly legId: LegId;
  /** The device of this party, where it is one of ours. */
  readonly deviceId: DeviceId | undefined;
  readonly phoneNumber: string;
  readonly displayName: string | undefined;
}
