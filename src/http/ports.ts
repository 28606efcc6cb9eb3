import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Device, User, UserId } from '../coaching/device.ts';
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

/** What the routes work with. */
export interface Desk {
  readonly switchboard: Pick<Switchboard, 'monitor' | 'cancelMonitoring' | 'device'>;
  readonly roster: Roster;
  readonly devices: Devices;
  readonly uris: Uris;
  readonly notifications: Notifications;
}
