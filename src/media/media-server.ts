import type Mrf from 'drachtio-fsmrf';
import { EarpieceError } from '../coaching/errors.ts';
import type { RoomOwner } from '../coaching/ports.ts';
import type { Logger } from '../log.ts';
import { abandonedRooms, type LeftBehindRoom } from './abandoned-room.ts';
import type { Candidate } from './choice.ts';
import { Complaints } from './complaints.ts';
import { FreeSwitch, type Limits, type MediaServerAddress } from './freeswitch.ts';
import { type MediaServerStatus, stateOf } from './media-server-status.ts';
import type { ConferenceRoom } from './room.ts';
import { warmUp } from './warm-up.ts';

export interface MediaServerOptions {
  readonly address: MediaServerAddress;
  readonly listenAddress: string;
  readonly conferenceProfile: string;
  /** The process whose rooms these are. */
  readonly instance: string;
  readonly settleMs: number;
  /** Whether a room of another process is known to be needed by nobody. */
  readonly isUnneeded: (room: RoomOwner) => boolean;
  readonly limits: Limits;
  /** Called whenever the server may have begun or ceased to take rooms. */
  readonly onChanged: () => void;
}

/** ms before the first new attempt, and the most that it grows to by doubling. */
const FIRST_RETRY = 250;
const LONGEST_RETRY = 8000;

/** ms without a refusal after which the next is news. */
const PEACE_MS = 10_000;

/**
 *     connecting ──► up ──► waiting ──► connecting …
 *          └────────────────▲
 */
type State =
  | { readonly is: 'connecting' | 'closed' }
  | { readonly is: 'up'; readonly freeswitch: FreeSwitch }
  | { readonly is: 'waiting'; readonly timer: NodeJS.Timeout };

/** One FreeSWITCH of the pool, connected to again whenever it is lost. */
export class MediaServer implements Candidate {
  readonly id: string;
  readonly #mrf: Mrf;
  readonly #options: MediaServerOptions;
  readonly #log: Logger;
  readonly #rooms = new Set<ConferenceRoom>();
  readonly #failures: Complaints;
  /** Ends what stays of rooms that were lost, once it could be silenced. */
  #staying: (() => Promise<void>)[] = [];
  /** When a room was last refused here; performance.now(). */
  #passedOverAt = Number.NEGATIVE_INFINITY;
  #state: State = { is: 'connecting' };
  #draining = false;
  #retryMs = FIRST_RETRY;
  #lastFailure: string | undefined;

  constructor(mrf: Mrf, options: MediaServerOptions, log: Logger) {
    this.#mrf = mrf;
    this.#options = options;
    const { host, port, id = `${host}:${port}` } = options.address;
    this.id = id;
    this.#log = log.child({ mediaServer: id });
    this.#failures = new Complaints((reason) => this.#log.warn({ reason }, 'media server down, trying again'));
  }

  /** The connection, while there is one. */
  get freeswitch(): FreeSwitch | undefined {
    return this.#state.is === 'up' ? this.#state.freeswitch : undefined;
  }

  get rooms(): number {
    return this.#rooms.size;
  }

  get share(): number {
    return this.freeswitch?.load.share ?? 0;
  }

  get refusal(): string | undefined {
    if (this.freeswitch === undefined) return this.#lastFailure ?? 'it is being connected to';
    return this.#draining ? 'it is being drained' : this.freeswitch.refusal;
  }

  get status(): MediaServerStatus {
    const { host, port } = this.#options.address;
    const { freeswitch, rooms, refusal: reason } = this;
    const { sessions, maxSessions, share, idleCpu } = freeswitch?.load ?? {};
    const state = stateOf({ connection: this.#state.is, draining: this.#draining, rooms });
    return {
      id: this.id,
      address: `${host}:${port}`,
      state,
      reason,
      rooms,
      sessions,
      maxSessions,
      load: share,
      idleCpu,
    };
  }

  /** Takes no new rooms until told otherwise; those that are there stay until their calls need them no more. */
  set draining(draining: boolean) {
    if (draining === this.#draining) return;
    this.#draining = draining;
    this.#log.info({ rooms: this.rooms }, draining ? 'media server draining' : 'media server no longer draining');
    if (draining && this.rooms === 0) this.#log.info('media server drained');
    this.#options.onChanged();
  }

  /** Counts the room in until it is closed, and tells it when the server is lost. */
  host(room: ConferenceRoom): void {
    this.#rooms.add(room);
    this.freeswitch?.expectRoom();
  }
  release(room: ConferenceRoom): void {
    this.#rooms.delete(room);
    if (this.#draining && this.rooms === 0) this.#log.info('media server drained');
  }

  /** Somebody has stayed there when it fell silent: `end`, which never rejects, is called when it was connected to again and our rooms cleared. */
  endWhenCleared(end: () => Promise<void>): void {
    if (this.freeswitch === undefined) this.#staying.push(end);
    else void end();
  }

  /** A room was wanted and could not be had here. Says so once, and again when there has been peace for a while. */
  passedOver(): void {
    const reason = this.freeswitch?.refusal;
    if (reason === undefined) return;
    const now = performance.now();
    if (now - this.#passedOverAt > PEACE_MS) this.#log.warn({ reason }, 'media server takes no rooms for the moment');
    this.#passedOverAt = now;
  }

  /** Rooms there that processes have left behind. Rejects with `unavailable` or `timeout`. */
  async abandoned(isLeft: (owner: RoomOwner) => boolean): Promise<readonly LeftBehindRoom[]> {
    const { freeswitch } = this;
    if (freeswitch === undefined) return [];
    return abandonedRooms(freeswitch, this.id, this.#options.settleMs, isLeft);
  }

  /** One attempt; when it fails the next follow by themselves. Never rejects. */
  async connect(): Promise<void> {
    this.#state = { is: 'connecting' };
    const { address, listenAddress, conferenceProfile, instance, limits, onChanged } = this.#options;
    let freeswitch: FreeSwitch | undefined;
    try {
      freeswitch = await FreeSwitch.connect(this.#mrf, address, listenAddress, limits, onChanged, this.#log);
      await this.#tidyUp(freeswitch);
      await freeswitch.sipAnswers();
      await warmUp(freeswitch, conferenceProfile, instance);
      await freeswitch.readLoad();
      this.#up(freeswitch);
    } catch (error) {
      freeswitch?.close();
      this.#failed(EarpieceError.from(error).message);
    }
  }

  /** Closes every room, then the connection. Never rejects; twice is fine. */
  async close(): Promise<void> {
    const state = this.#state;
    this.#state = { is: 'closed' };
    if (state.is === 'waiting') clearTimeout(state.timer);
    await Promise.all([...this.#rooms].map((room) => room.close()));
    if (state.is === 'up') state.freeswitch.close();
  }

  /**
   * Ends what is there of our rooms. Nothing has been opened over this connection yet, so they are lost ones: a server that
   * was frozen, or cut off, comes back with everyone in their conferences. And what others have left, should it be known that they
   * are gone; who is merely unknown may be another Earpiece that has its own store.
   */
  async #tidyUp(freeswitch: FreeSwitch): Promise<void> {
    const { instance, settleMs, isUnneeded } = this.#options;
    const isLeft = (owner: RoomOwner) => owner.instance === instance || isUnneeded(owner);
    const left = await abandonedRooms(freeswitch, this.id, settleMs, isLeft);
    await Promise.all(left.map((room) => room.clear()));
    if (left.length > 0) this.#log.info({ rooms: left.length }, 'cleared the rooms that were lost');
  }

  #up(freeswitch: FreeSwitch): void {
    if (this.#closed) {
      freeswitch.close();
      return;
    }
    this.#state = { is: 'up', freeswitch };
    this.#retryMs = FIRST_RETRY;
    this.#lastFailure = undefined;
    this.#failures.settled();
    this.#log.info('media server up');
    for (const end of this.#staying.splice(0)) void end();
    void freeswitch.ended.then((reason) => this.#lost(reason));
    this.#options.onChanged();
  }

  #lost(reason: string): void {
    if (!this.#closed) this.#failed(reason);
    for (const room of this.#rooms) room.lose(`the media server is gone: ${reason}`);
  }

  #failed(reason: string): void {
    if (this.#closed) return;
    this.#failures.complain(reason);
    this.#lastFailure = reason;
    const timer = setTimeout(() => void this.connect(), this.#retryMs);
    this.#state = { is: 'waiting', timer };
    this.#retryMs = Math.min(2 * this.#retryMs, LONGEST_RETRY);
    this.#options.onChanged();
  }

  get #closed(): boolean {
    return this.#state.is === 'closed';
  }
}
