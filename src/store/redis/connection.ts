import { createClient } from '@redis/client';
import { EarpieceError } from '../../coaching/errors.ts';
import type { Logger } from '../../log.ts';
import type { StoreStatus } from '../store.ts';
import type { Script } from './scripts.ts';

export interface RedisAddress {
  readonly url: string;
  readonly password?: string | undefined;
}

type Down = Extract<StoreStatus, { is: 'down' }>;

/** Nobody waits longer for an answer, ms. */
const ANSWER_MS = 2000;
/** A server that says nothing for so long is gone: it answers a heartbeat each second, ms. */
const SILENCE_MS = 5000;
/** Between attempts to connect: at first, and at most, ms. */
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [100, 5000];

/**
 * The one connection to Redis, for commands and for what is published (RESP3 allows both on one, Redis 6 and newer). It
 * comes back by itself; while it is down every command fails at once.
 */
export class RedisConnection {
  readonly #client: ReturnType<typeof makeClient>;
  readonly #log: Logger;
  /** Why there is no connection that serves, or what Redis refuses, by what was to be done. */
  #outage: Down | undefined = { kind: 'redis', is: 'down', reason: 'not connected yet', since: Date.now() };
  readonly #refused = new Map<string, Down>();
  #closed = false;

  constructor(address: RedisAddress, log: Logger) {
    this.#log = log;
    this.#client = makeClient(address);
    this.#client.on('error', (error: unknown) => this.#failed(error));
  }

  get ready(): boolean {
    return this.#client.isReady;
  }

  get status(): StoreStatus {
    return this.#outage ?? [...this.#refused.values()][0] ?? { kind: 'redis', is: 'up' };
  }

  /**
   * Begins to connect, and never stops trying. `ready` is told each time the connection is there and listens to `channels`: whatever is
   * read from then on has been overtaken by nothing that they do not tell.
   */
  open(channels: Readonly<Record<string, (message: string) => void>>, ready: () => void): void {
    let listening = false;
    const listen = async () => {
      // The client renews by itself what it has once subscribed to, and only then says that it is ready.
      if (!listening) {
        for (const [channel, told] of Object.entries(channels)) await this.#client.subscribe(channel, told);
        listening = true;
      }
      ready();
    };
    const failed = (error: unknown) => this.#failed(error);
    this.#client.on('ready', () => void listen().catch(failed));
    this.#client.connect().catch(failed);
  }

  /** The synchronisation is over: from now on it is said to be up. */
  serves(): void {
    if (this.#outage === undefined) return;
    this.#log.info('redis is there');
    this.#outage = undefined;
  }

  /**
   * Redis is there, but does not do `what` (`error`), or does it again. One line for each reason; that nothing is done while there is
   * no connection is no news.
   */
  refuses(what: string, error: unknown): void {
    if (this.#closed || (error !== undefined && !this.ready)) return;
    const before = this.#refused.get(what);
    if (error === undefined) {
      if (this.#refused.delete(what)) this.#log.info({ what }, 'redis does it again');
      return;
    }
    const reason = reasonOf(error);
    if (before?.reason === reason) return;
    this.#log.error({ what, reason }, 'redis does not do it');
    this.#refused.set(what, { kind: 'redis', is: 'down', reason, since: before?.since ?? Date.now() });
  }

  /** Rejects with `unavailable` or `timeout`. */
  async run(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...args];
    try {
      return await this.command('EVALSHA', script.sha, ...rest);
    } catch (error) {
      if (!(error instanceof Error && error.message.includes('NOSCRIPT'))) throw error;
      return this.command('EVAL', script.text, ...rest);
    }
  }

  /** Rejects with `unavailable` or `timeout`. */
  async command(...words: string[]): Promise<unknown> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new EarpieceError('timeout', 'redis does not answer')), ANSWER_MS);
    });
    try {
      return await Promise.race([this.#client.sendCommand(words), late]);
    } catch (error) {
      throw EarpieceError.from(error);
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    this.#closed = true;
    if (this.#client.isOpen) this.#client.destroy();
  }

  /** One line when it begins; the attempts that follow are no news. */
  #failed(error: unknown): void {
    if (this.#closed) return;
    const reason = reasonOf(error);
    if (this.#outage?.reason === reason) return;
    this.#log.error({ reason }, 'redis is not there');
    this.#outage = { kind: 'redis', is: 'down', reason, since: this.#outage?.since ?? Date.now() };
  }
}

function makeClient({ url, password }: RedisAddress) {
  return createClient({
    url,
    ...(password !== undefined && { password }),
    RESP: 3,
    disableOfflineQueue: true,
    maintNotifications: 'disabled',
    disableClientInfo: true,
    socket: {
      connectTimeout: ANSWER_MS,
      socketTimeout: SILENCE_MS,
      reconnectStrategy: (attempts: number) => Math.min(FIRST_PAUSE_MS * 2 ** attempts, LONGEST_PAUSE_MS),
    },
  });
}

/** A refused connection to a name with several addresses has no message of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(', ');
  return error instanceof Error ? error.message : String(error);
}
