import type { MemberId, Step } from './audibility.ts';
import type { Call, CallId } from './call.ts';
import type { Device, DeviceId } from './device.ts';
import type { EarpieceEvent } from './events.ts';
import type { LegId, Sdp } from './leg.ts';

/** The devices Earpiece knows. */
export interface Directory {
  device(id: DeviceId): Device | undefined;
  deviceByNumber(phoneNumber: string): Device | undefined;
  /** Whether the device can be reached now: registered, or at a fixed address. */
  isActive(id: DeviceId): boolean;
}

/** How dialling a supervisor ended. `leg` is up when it says `answered`. */
export type DialOutcome =
  | { readonly outcome: 'answered'; readonly legId: LegId; readonly answer: Sdp }
  | { readonly outcome: 'busy' | 'no-answer' | 'declined' | 'unreachable' | 'cancelled' };

/** SIP: what the core asks of the B2BUA. Every promise settles within a bounded time. */
export interface Signalling {
  /**
   * Re-INVITEs a leg with an offer; resolves with its answer. Retries 491 (RFC 3261 14.1).
   * Rejects with `unavailable` (refused, dialog gone) or `timeout`; the leg's session is then as it was.
   */
  offer(legId: LegId, offer: Sdp): Promise<Sdp>;
  /**
   * Lets the media of two legs flow between them again: each is offered what the other can do. Rejects with `unavailable` or
   * `timeout` when one has refused; it is then asked again by and by, until it agrees or an `offer` says something else.
   */
  connectDirectly(a: LegId, b: LegId): Promise<void>;
  /** What the peer of the leg last said of its media. Throws `not-found`. */
  remoteDescription(legId: LegId): Sdp;
  /** Dials a supervisor's phone with this offer. Aborting `signal` sends CANCEL (or BYE, when the answer crossed it). */
  dial(request: { device: Device; offer: Sdp; callId: CallId }, signal: AbortSignal): Promise<DialOutcome>;
  /** Ends a leg with BYE. A leg that is gone already is fine. */
  hangUp(legId: LegId): Promise<void>;
  /** Forgets the two legs of a call without a word to their phones: another instance speaks to them now. */
  letGo(callId: CallId): void;
}

/** Media: one conference of one call. Every promise settles within a bounded time. */
export interface Room {
  /**
   * Makes an endpoint for a member, which is not in the conversation before `admit` and sends to nobody before `describe`. `remote` is what
   * the member's phone said of its media, where that is known. Resolves with the description to offer to the phone.
   */
  prepare(member: MemberId, remote: Sdp | undefined): Promise<Sdp>;
  /**
   * Points the endpoint at where its phone is now, which has not been told of it yet; resolves with the description to offer to the phone.
   * One whose codec no room speaks hears nothing before it has answered.
   */
  aim(member: MemberId, remote: Sdp): Promise<Sdp>;
  /** Gives the endpoint what its phone says now of its media (an answer, or a new offer); resolves with the endpoint's own. */
  describe(member: MemberId, remote: Sdp): Promise<Sdp>;
  /** Takes the member into the conference, deaf and mute. */
  admit(member: MemberId): Promise<void>;
  /** Asks for all steps at once and resolves when the media server has confirmed every one. Rejects with `isolation-lost`. */
  apply(steps: readonly Step[]): Promise<void>;
  /** Mutes the member, waits until the mixer has settled, and ends its endpoint. Never rejects; twice is fine. */
  dismiss(member: MemberId): Promise<void>;
  /** Dismisses everyone, supervisors first, and ends the conference. Never rejects; twice is fine. */
  close(): Promise<void>;
}

export interface MediaServers {
  /** Whether there is a server now that takes rooms. */
  readonly available: boolean;
  /** Why there is none, for people to read; `undefined` when there is, or nobody knows. */
  readonly refusal?: string | undefined;
  /**
   * Finds a media server for a call. `onLost` is called at most once, when the server or a member is gone that was not
   * dismissed. Rejects with `unavailable`.
   */
  openRoom(callId: CallId, onLost: (reason: string) => void): Promise<Room>;
}

/** A call that was up in a process that is gone. Its legs are held here again. */
export interface AbandonedCall {
  readonly call: Call;
  /** Whether its parties were told to send their media to a room. */
  readonly anchored: boolean;
  /** Resolves when its phones were looked for. */
  readonly looked: Promise<unknown>;
  /** Whether both phones are still there, as far as we know. */
  isUp(): boolean;
  /** What is known of its media may be overtaken: whoever is connected from now on is told anew. */
  doubt(): void;
}

/** Whose room a conference is. */
export interface RoomOwner {
  /** The process that made it. */
  readonly instance: string;
  readonly callId: CallId;
}

/** A conference that outlived the process that made it, with everyone in it. */
export interface AbandonedRoom extends RoomOwner {
  /** Mutes whoever must not be heard by everybody. Resolves when nobody can hear them; rejects with `isolation-lost`. */
  silence(): Promise<void>;
  /** Ends every channel in it, supervisors silenced first. Rejects with `unavailable`, `timeout`. */
  clear(): Promise<void>;
}

export interface AbandonedRooms {
  /**
   * From now on, rooms of other processes for which it says so are cleared on every server that is connected to, before anything else is
   * asked of that: what nobody needs may be all that it has no room for.
   */
  clearOnConnect(isUnneeded: (room: RoomOwner) => boolean): void;
  /** Rooms of processes other than this one. Rooms on servers that cannot be asked now are left out. Never rejects. */
  abandoned(isGone: (instance: string) => boolean): Promise<readonly AbandonedRoom[]>;
}

/** Something that JSON can say. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };

/**
 * What a later process needs to find the calls of this one, should it die without a word. Writing never waits for a disk, never
 * rejects, and never harms a call; the last milliseconds before a crash may be missing.
 */
export interface CallRecords {
  put(key: string, record: Json): void;
  remove(key: string): void;
  /**
   * `adopt` is told, once for each, what processes have left behind that are gone: those before this one, and siblings that die.
   * A record that is adopted belongs to this process from then on, until it removes it.
   */
  onAbandoned(adopt: (key: string, record: Json) => void): void;
}

export interface Events {
  /** Must not throw: whoever listens is of no concern to a call. */
  publish(event: EarpieceEvent): void;
}

/** An INVITE that wants to know where it goes. */
export interface Arrival {
  /** The user part of the request URI. */
  readonly dialled: string;
}

export type Routing =
  | { readonly to: 'device'; readonly device: Device }
  | { readonly to: 'switch' }
  | { readonly to: 'nowhere'; readonly code: 'not-found' | 'forbidden' | 'unavailable'; readonly reason: string };

/** What the B2BUA tells the core; the switchboard is the one who listens. */
export interface CallControl {
  callArrived(arrival: Arrival): Routing;
  /** Both legs are up and media flows between the two parties. */
  callEstablished(call: Call): void;
  /**
   * A party offers new media (re-INVITE, UPDATE). Resolves with the answer for it; rejects with an `EarpieceError`. An offer
   * that was `withdrawn` before its turn came (glare: RFC 3261 14.1, CANCEL) changes nothing.
   */
  offerReceived(callId: CallId, legId: LegId, offer: Sdp, withdrawn?: AbortSignal): Promise<Sdp>;
  /** Two that `connectDirectly` could not connect at once talk directly now. */
  connectedDirectly(callId: CallId): void;
  /** The call is over; the B2BUA has ended, or is ending, both its legs. */
  callEnded(callId: CallId): void;
  /** A supervisor's leg was ended by its phone. */
  supervisorLegEnded(legId: LegId): void;
  /** A supervisor's phone offers new media (hold, a new address). */
  supervisorOffer(legId: LegId, offer: Sdp): Promise<Sdp>;
  /** A device registered or went away. */
  registrationChanged(deviceId: DeviceId): void;
  /** There is a media server again, after there was none: what was given up for want of one can be tried again. */
  mediaAvailable(): void;
}
