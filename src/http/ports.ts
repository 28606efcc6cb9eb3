import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Device, User, UserId } from '../coaching/device.ts';
import type { InstanceId } from '../coaching/instance.ts';
import type { Switchboard } from '../coaching/switchboard.ts';
import type { Devices } from '../genesys/devices.ts';
import type { Uris } from '../genesys/uris.ts';

/** A user and what proves that it is the user. */
export interface Account {
  readonly user: User;
  readonly passwordHash: string;
}

/** The people and their telephones. */
export interface Roster {
  readonly devices: readonly Device[];
  account(userName: string): Account | undefined;
  user(id: UserId): User | undefined;
  devicesOf(userId: UserId): readonly Device[];
}

/** Whoever tells the users what happens: gets the requests of its own protocol, with their author. */
export interface Notifications {
  handle(user: User, request: IncomingMessage, body: unknown, response: ServerResponse): void;
  /** The user has logged out: nothing more is told, after what is under way. */
  loggedOut(userId: UserId): void;
  /** Lets go of everyone who waits. Twice is fine. */
  close(): void;
}

/** How something stands that Earpiece depends on. No field tells a secret. */
export interface Standing {
  /** `up`, or another word for what it is instead. */
  readonly state: string;
  /** What is wrong, in words. */
  readonly reason?: string | undefined;
}

/** A media server, as administrators see it. */
export interface MediaServerView extends Standing {
  readonly id: string;
  /** `host:port` of its event socket. */
  readonly address: string;
  readonly rooms: number;
  readonly sessions: number | undefined;
  readonly maxSessions: number | undefined;
  /** Sessions as a share of the most it takes: 0 empty, 1 full. */
  readonly load: number | undefined;
}

/** The servers that Earpiece stands on. */
export interface Servers {
  /** This process, among those that share a store. */
  readonly instance: InstanceId;
  readonly sip: Standing;
  readonly mediaServers: readonly MediaServerView[];
  /** Whether a call could be anchored now. */
  readonly mediaAvailable: boolean;
  /** `kind`: what it is, e.g. `redis`. */
  readonly store: Standing & { readonly kind?: string };
  /** Whether a media server takes new rooms. Throws `not-found`. */
  drain(id: string, draining: boolean): MediaServerView;
}

/** What the routes work with. */
export interface Desk {
  readonly switchboard: Pick<Switchboard, 'monitor' | 'cancelMonitoring' | 'device'>;
  readonly roster: Roster;
  readonly devices: Devices;
  readonly uris: Uris;
  readonly notifications: Notifications;
  readonly servers: Servers;
}
