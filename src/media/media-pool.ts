import { randomBytes } from 'node:crypto';
import Mrf from 'drachtio-fsmrf';
import type { CallId } from '../coaching/call.ts';
import { EarpieceError } from '../coaching/errors.ts';
import type { MediaServers, Room } from '../coaching/ports.ts';
import type { Logger } from '../log.ts';
import { connectDrachtio, type Drachtio, type DrachtioAddress } from './drachtio.ts';
import type { Limits, MediaServerAddress } from './freeswitch.ts';
import { MediaServer } from './media-server.ts';
import { ConferenceRoom } from './room.ts';

export interface MediaPoolOptions {
  readonly drachtio: DrachtioAddress;
  readonly servers: readonly MediaServerAddress[];
  /** The local address for the connections that channels make to us. */
  readonly listenAddress: string;
  /** The profile of the conferences: no sounds, no comfort noise, no energy gate, no keys. */
  readonly conferenceProfile: string;
  /** ms between a confirmed mute and the end of a channel: at least 60, 100 to be calm (measured on FreeSWITCH 1.10.12). */
  readonly settleMs?: number;
  readonly limits?: Partial<Limits>;
}

const LIMITS: Limits = { replyTimeoutMs: 1000, setupTimeoutMs: 4500, pingMs: 5000 };
const SETTLE_MS = 100;

/** What a person wants to know of a media server. */
export interface MediaServerStatus {
  /** `host:port` of its event socket. */
  readonly address: string;
  readonly up: boolean;
  readonly rooms: number;
}

/** The FreeSWITCH servers that hold the rooms of calls. */
export class MediaPool implements MediaServers {
  readonly #options: MediaPoolOptions;
  readonly #drachtio: Drachtio;
  readonly #servers: readonly MediaServer[];
  readonly #log: Logger;
  #closing: Promise<void> | undefined;

  private constructor(options: MediaPoolOptions, drachtio: Drachtio, log: Logger) {
    this.#options = options;
    this.#drachtio = drachtio;
    this.#log = log;
    const mrf = new Mrf(drachtio.srf);
    const { listenAddress, conferenceProfile } = options;
    const limits = { ...LIMITS, ...options.limits };
    this.#servers = options.servers.map(
      (address) => new MediaServer(mrf, { address, listenAddress, conferenceProfile, limits }, log),
    );
  }

  /**
   * Resolves when every media server has been tried once; one that is down is tried again by and by.
   * Rejects with `unavailable` or `timeout` when drachtio is not there.
   */
  static async connect(options: MediaPoolOptions, log: Logger): Promise<MediaPool> {
    const { setupTimeoutMs } = { ...LIMITS, ...options.limits };
    const pool = new MediaPool(options, await connectDrachtio(options.drachtio, setupTimeoutMs, log), log);
    await Promise.all(pool.#servers.map((server) => server.connect()));
    return pool;
  }

  get available(): boolean {
    return this.#drachtio.isUp() && this.#servers.some(({ freeswitch }) => freeswitch !== undefined);
  }

  status(): readonly MediaServerStatus[] {
    return this.#servers.map((server) => ({
      address: server.name,
      up: server.freeswitch !== undefined,
      rooms: server.rooms,
    }));
  }

  openRoom(callId: CallId, onLost: (reason: string) => void): Promise<Room> {
    return Promise.resolve().then(() => this.#open(callId, onLost));
  }

  /** Closes all rooms and all connections. Never rejects; twice is fine. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #open(callId: CallId, onLost: (reason: string) => void): Room {
    if (!this.#drachtio.isUp()) throw new EarpieceError('unavailable', 'drachtio is not connected');
    const [server] = this.#servers
      .filter(({ freeswitch }) => freeswitch !== undefined)
      .sort((a, b) => a.rooms - b.rooms);
    if (server?.freeswitch === undefined) throw new EarpieceError('unavailable', 'no media server is up');
    const { conferenceProfile, settleMs = SETTLE_MS } = this.#options;
    const suffix = randomBytes(4).toString('hex');
    const onClosed = () => server.release(room);
    const room: ConferenceRoom = new ConferenceRoom(
      server.freeswitch,
      { callId, suffix, conferenceProfile, settleMs, onLost, onClosed },
      this.#log.child({ mediaServer: server.name }),
    );
    server.host(room);
    return room;
  }

  async #close(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.close()));
    this.#drachtio.close();
  }
}
