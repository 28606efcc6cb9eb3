import { randomBytes, randomUUID } from 'node:crypto';
import Mrf from 'drachtio-fsmrf';
import type { CallId } from '../coaching/call.ts';
import { EarpieceError } from '../coaching/errors.ts';
import type { AbandonedRooms, MediaServers, Room, RoomOwner } from '../coaching/ports.ts';
import type { Logger } from '../log.ts';
import type { LeftBehindRoom } from './abandoned-room.ts';
import { choose } from './choice.ts';
import { Drachtio, type DrachtioAddress } from './drachtio.ts';
import type { Limits, MediaServerAddress } from './freeswitch.ts';
import { MediaServer } from './media-server.ts';
import type { MediaServerStatus } from './media-server-status.ts';
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
  /** Names this process in its rooms, so that they can be told from those of others: a UUID, random without. */
  readonly instance?: string | undefined;
  readonly limits?: Partial<Limits>;
}

/** A server that is frozen is missed after four or five pings, so that with the re-INVITEs nobody is deaf for two seconds. */
const LIMITS: Limits = { replyTimeoutMs: 1000, setupTimeoutMs: 4500, pingMs: 250, optionsMs: 2000 };
const SETTLE_MS = 100;

/** The FreeSWITCH servers that hold the rooms of calls. */
export class MediaPool implements MediaServers, AbandonedRooms {
  readonly #options: MediaPoolOptions;
  readonly #drachtio: Drachtio;
  readonly #servers: readonly MediaServer[];
  readonly #log: Logger;
  /** What this process is called in the names of its conferences. */
  readonly instance: string;
  /** Somebody was refused a room, or would have been. */
  #toldNo = false;
  #onAvailable: () => void = () => undefined;
  #isUnneeded: (room: RoomOwner) => boolean = () => false;
  #closing: Promise<void> | undefined;

  constructor(options: MediaPoolOptions, log: Logger) {
    this.#options = options;
    this.#drachtio = new Drachtio(options.drachtio, log, () => this.#drachtioChanged());
    this.#log = log;
    const mrf = new Mrf(this.#drachtio.srf);
    const { listenAddress, conferenceProfile, settleMs = SETTLE_MS } = options;
    const { instance = randomUUID() } = options;
    this.instance = instance;
    const limits = { ...LIMITS, ...options.limits };
    const onChanged = () => this.#changed();
    const isUnneeded = (room: RoomOwner) => this.#isUnneeded(room);
    const common = { listenAddress, conferenceProfile, settleMs, instance, isUnneeded, limits, onChanged };
    this.#servers = options.servers.map((address) => new MediaServer(mrf, { address, ...common }, log));
  }

  /**
   * Resolves when drachtio is there and every media server has been tried once; whatever is down is tried again by and by.
   * Never rejects.
   */
  async connect(): Promise<void> {
    await this.#drachtio.connect();
    if (this.#closing === undefined) await Promise.all(this.#servers.map((server) => server.connect()));
  }

  /** Whoever is told no hears by `whenAvailable` when that changes. */
  get available(): boolean {
    const available = this.#drachtio.isUp && this.#servers.some(({ refusal }) => refusal === undefined);
    if (!available) this.#toldNo = true;
    return available;
  }

  /** Why no server takes a room, each in its own words. */
  get refusal(): string | undefined {
    return this.available ? undefined : (this.drachtioFailure ?? this.#refusals());
  }

  /** `listener` is called whenever a server takes rooms again, after one was refused or could have been. */
  whenAvailable(listener: () => void): void {
    this.#onAvailable = listener;
  }

  /** Why there is no SIP towards the media servers; `undefined` when there is. */
  get drachtioFailure(): string | undefined {
    return this.#drachtio.isUp ? undefined : 'there is no connection to drachtio';
  }

  status(): readonly MediaServerStatus[] {
    return this.#servers.map(({ status }) => ({ ...status, reason: this.drachtioFailure ?? status.reason }));
  }

  /** Whether a server takes new rooms; those it has stay. It holds until the process ends. Throws `not-found`. */
  drain(id: string, draining: boolean): MediaServerStatus {
    const server = this.#servers.find((each) => each.id === id);
    if (server === undefined) throw new EarpieceError('not-found', `there is no media server ${id}`);
    server.draining = draining;
    return server.status;
  }

  clearOnConnect(isUnneeded: (room: RoomOwner) => boolean): void {
    this.#isUnneeded = isUnneeded;
  }

  /** The rooms that processes have left behind on the servers that are up. Servers that do not say are left out. */
  async abandoned(isGone: (instance: string) => boolean): Promise<readonly LeftBehindRoom[]> {
    const foreign = ({ instance }: RoomOwner) => instance !== this.instance && isGone(instance);
    const found = this.#servers.map(async (server) => {
      try {
        return await server.abandoned(foreign);
      } catch (error) {
        this.#log.warn({ err: EarpieceError.from(error), mediaServer: server.id }, 'abandoned rooms not looked for');
        return [];
      }
    });
    return (await Promise.all(found)).flat();
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
    if (!this.#drachtio.isUp) throw new EarpieceError('unavailable', 'there is no connection to drachtio');
    const server = choose(this.#servers);
    if (server?.freeswitch === undefined) {
      this.#toldNo = true;
      for (const each of this.#servers) each.passedOver();
      throw new EarpieceError('unavailable', `no media server takes a room: ${this.#refusals()}`);
    }
    const { conferenceProfile, settleMs = SETTLE_MS } = this.#options;
    const suffix = randomBytes(4).toString('hex');
    const onClosed = () => server.release(room);
    const onStaying = (end: () => Promise<void>) => server.endWhenCleared(end);
    const room: ConferenceRoom = new ConferenceRoom(
      server.freeswitch,
      { instance: this.instance, callId, suffix, conferenceProfile, settleMs, onLost, onStaying, onClosed },
      this.#log.child({ mediaServer: server.id }),
    );
    server.host(room);
    return room;
  }

  #refusals(): string {
    return this.#servers.map(({ id, refusal }) => `${id}: ${refusal ?? ''}`).join('; ');
  }

  /** drachtio is lost, or back. */
  #drachtioChanged(): void {
    if (!this.#drachtio.isUp) for (const { freeswitch } of this.#servers) freeswitch?.dialogsLost();
    this.#changed();
  }

  #changed(): void {
    if (!this.available || !this.#toldNo || this.#closing !== undefined) return;
    this.#toldNo = false;
    this.#onAvailable();
  }

  async #close(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.close()));
    this.#drachtio.close();
  }
}
