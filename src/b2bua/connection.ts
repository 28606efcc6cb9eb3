import { createRequire } from 'node:module';
import { EarpieceError } from '../coaching/errors.ts';
import type { Logger } from '../log.ts';
import { withResolvers, within } from './deadline.ts';
import type { Stack } from './stack.ts';

/** How long until a refused secret is tried again, in ms: doubled each time. srf itself would do so every 255 ms for ever (measured). */
const BACK_OFF = { first: 1_000, longest: 30_000 };
/** The longest pause of srf between attempts to reach a server that is not there, in ms. */
const RETRY_MAX_MS = 2_000;

export interface DrachtioOptions {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
}

/** A CommonJS package with declarations that leave out what is needed here: stack.ts says what it does. */
const Srf = createRequire(import.meta.url)('drachtio-srf') as new () => Stack;

/** The control connection to drachtio. It comes back by itself; whoever closes it ends it for good. */
export class DrachtioConnection {
  readonly stack: Stack = new Srf();
  readonly #options: DrachtioOptions;
  readonly #log: Logger;
  #state: 'connecting' | 'up' | 'lost' | 'closed' = 'connecting';
  #hostPorts = '';
  #backOff = BACK_OFF.first;
  #timer: NodeJS.Timeout | undefined;
  #settled: { resolve: (state: 'connected') => void; reject: (error: Error) => void } | undefined;

  private constructor(options: DrachtioOptions, log: Logger) {
    this.#options = options;
    this.#log = log.child({ drachtio: `${options.host}:${options.port}` });
  }

  /**
   * Resolves when drachtio has accepted us. `prepare` routes the requests we want; it runs before. `restored` is called each time the
   * connection is back after it was lost. Rejects with `unavailable` when the secret is wrong, with `timeout` after `ms` milliseconds.
   */
  static async open(
    options: DrachtioOptions,
    log: Logger,
    ms: number,
    { prepare, restored }: { prepare: (stack: Stack) => void; restored: () => void },
  ): Promise<DrachtioConnection> {
    const connection = new DrachtioConnection(options, log);
    const { promise, resolve, reject } = withResolvers<'connected'>();
    connection.#settled = { resolve, reject };
    connection.#listen(restored);
    prepare(connection.stack);
    connection.#connect();
    try {
      await within(promise, ms, `connecting to drachtio at ${options.host}:${options.port}`);
    } catch (error) {
      connection.close();
      throw error;
    }
    return connection;
  }

  /** Where drachtio listens for SIP, e.g. `udp/10.0.0.1:5060,tcp/10.0.0.1:5060`. */
  get hostPorts(): string {
    return this.#hostPorts;
  }

  /** Twice is fine. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    clearTimeout(this.#timer);
    this.#stop();
  }

  #listen(restored: () => void): void {
    this.stack.on('connect', (error, hostPorts) => {
      if (this.#state === 'closed') return;
      if (error !== null && error !== undefined) {
        this.#refused();
        return;
      }
      const wasLost = this.#state === 'lost';
      this.#state = 'up';
      this.#hostPorts = hostPorts ?? '';
      this.#backOff = BACK_OFF.first;
      for (const socket of this.stack.app.client?.mapServer.keys() ?? []) socket.setNoDelay(true);
      this.#log.info({ hostPorts }, wasLost ? 'connected to drachtio again' : 'connected to drachtio');
      this.#settled?.resolve('connected');
      if (wasLost) restored();
    });
    this.stack.on('error', (error) => this.#lost(error));
    this.stack.on('close', () => this.#lost(undefined));
  }

  #connect(): void {
    const { host, port, secret } = this.#options;
    this.stack.connect({ host, port, secret, reconnect: { retryMaxDelay: RETRY_MAX_MS } });
  }

  #lost(error: unknown): void {
    if (this.#state !== 'up') {
      if (error !== undefined && this.#state !== 'closed')
        this.#log.warn({ err: error }, 'drachtio cannot be reached, trying again');
      return;
    }
    this.#state = 'lost';
    this.#log.error({ err: error }, 'connection to drachtio lost');
  }

  #refused(): void {
    this.#log.error({ retryMs: this.#backOff }, 'drachtio refuses our secret');
    this.#settled?.reject(new EarpieceError('unavailable', 'drachtio refuses our secret'));
    this.#stop();
    this.#timer = setTimeout(() => this.#connect(), this.#backOff);
    this.#backOff = Math.min(this.#backOff * 2, BACK_OFF.longest);
  }

  /** Ends the connection and keeps srf from making another. */
  #stop(): void {
    const { client } = this.stack.app;
    if (client === undefined) return;
    client.wp.closing = true;
    for (const socket of client.mapServer.keys()) socket.destroy();
  }
}
