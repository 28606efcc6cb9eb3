import type { Admission } from '../admission.ts';
import type { Bridges } from '../bridge/bridges.ts';
import type { Channels } from '../channels.ts';
import type { Conferences } from '../conference/conferences.ts';
import type { EventBus } from '../event-bus.ts';

/** What api commands act on. */
export interface ApiServer {
  readonly bus: EventBus;
  readonly channels: Channels;
  readonly conferences: Conferences;
  readonly bridges: Bridges;
  /** `sip:mod_sofia@host:port` */
  readonly sipUrl: string;
  readonly globals: ReadonlyMap<string, string>;
  readonly admission: Admission;
  /** Ends the whole server soon, after the reply to the command; `at once` as a killed process does. */
  shutDown(how: 'in order' | 'at once'): void;
}

/** @returns the reply's text; empty becomes `-ERR no reply` */
export type ApiCommand = (server: ApiServer, argument: string) => string | Promise<string>;

export const NO_SUCH_CHANNEL = '-ERR No such channel!\n';
export const OK = '+OK\n';
