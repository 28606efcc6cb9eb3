import type Mrf from 'drachtio-fsmrf';
import { EarpieceError } from '../coaching/errors.ts';
import type { Logger } from '../log.ts';
import { FreeSwitch, type Limits, type MediaServerAddress } from './freeswitch.ts';
import type { ConferenceRoom } from './room.ts';
import { warmUp } from './warm-up.ts';

export interface MediaServerOptions {
  readonly address: MediaServerAddress;
  readonly listenAddress: string;
  readonly conferenceProfile: string;
  readonly limits: Limits;
}

/** ms before the first new attempt, and the most that it grows to by doubling. */
const FIRST_RETRY = 250;
const LONGEST_RETRY = 8000;

/**
 *     connecting ──► up ──► waiting ──► connecting …
 *          └────────────────▲
 */
type State =
  | { readonly is: 'connecting' | 'closed' }
  | { readonly is: 'up'; readonly freeswitch: FreeSwitch }
  | { readonly is: 'waiting'; readonly timer: NodeJS.Timeout };

/** One FreeSWITCH of the pool, connected to again whenever it is lost. */
export class MediaServer {
  readonly name: string;
  readonly #mrf: Mrf;
  readonly #options: MediaServerOptions;
  readonly #log: Logger;
  readonly #rooms = new Set<ConferenceRoom>();
  #state: State = { is: 'connecting' };
  #retryMs = FIRST_RETRY;
  #lastFailure: string | undefined;

  constructor(mrf: Mrf, options: MediaServerOptions, log: Logger) {
    this.#mrf = mrf;
    this.#options = options;
    this.name = `${options.address.host}:${options.address.port}`;
    this.#log = log.child({ mediaServer: this.name });
  }

  /** The connection, while there is one. */
  get freeswitch(): FreeSwitch | undefined {
    return this.#state.is === 'up' ? this.#state.freeswitch : undefined;
  }

  get rooms(): number {
    return this.#rooms.size;
  }

  /** Counts the room in until it is closed, and tells it when the server is lost. */
  host(room: ConferenceRoom): void {
    this.#rooms.add(room);
  }
  release(room: ConferenceRoom): void {
    this.#rooms.delete(room);
  }

  /** One attempt; when it fails the next follow by themselves. Never rejects. */
  async connect(): Promise<void> {
    this.#state = { is: 'connecting' };
    const { address, listenAddress, conferenceProfile, limits } = this.#options;
    let freeswitch: FreeSwitch | undefined;
    try {
      freeswitch = await FreeSwitch.connect(this.#mrf, address, listenAddress, limits, this.#log);
      await warmUp(freeswitch, conferenceProfile);
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

  #up(freeswitch: FreeSwitch): void {
    if (this.#closed) {
      freeswitch.close();
      return;
    }
    this.#state = { is: 'up', freeswitch };
    this.#retryMs = FIRST_RETRY;
    this.#lastFailure = undefined;
    this.#log.info('media server up');
    void freeswitch.ended.then((reason) => this.#lost(reason));
  }

  #lost(reason: string): void {
    for (const room of this.#rooms) room.lose(`the media server is gone: ${reason}`);
    if (!this.#closed) this.#failed(reason);
  }

  /** Says so once, and again only when the reason is another. */
  #failed(reason: string): void {
    if (this.#closed) return;
    if (reason !== this.#lastFailure) this.#log.warn({ reason }, 'media server down, trying again');
    this.#lastFailure = reason;
    const timer = setTimeout(() => void this.connect(), this.#retryMs);
    this.#state = { is: 'waiting', timer };
    this.#retryMs = Math.min(2 * this.#retryMs, LONGEST_RETRY);
  }

  get #closed(): boolean {
    return this.#state.is === 'closed';
  }
}
