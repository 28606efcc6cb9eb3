import { EarpieceError } from '../coaching/errors.ts';
import type { Logger } from '../log.ts';
import { withResolvers, within } from './deadline.ts';
import { Srf } from './srf.ts';
import type { Stack } from './stack.ts';
import { guardFrames } from './unreadable.ts';

/** How long until a refused secret is tried again, in ms: doubled each time. srf itself would do so every 255 ms for ever (measured). */
const BACK_OFF = { first: 1_000, longest: 30_000 };
/** The longest pause of srf between attempts to reach a server that is not there, in ms. */
const RETRY_MAX_MS = 2_000;

export interface DrachtioOptions {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
}

/** How it stands with drachtio; `reason` says what is wrong, in words for the person on call at night. */
export type DrachtioStatus =
  | { readonly state: 'up' | 'closed' }
  | { readonly state: 'connecting' | 'lost' | 'refused'; readonly reason: string };

/** What the connection tells whoever holds dialogs through it. */
export interface ConnectionListener {
  /** Routes the requests we want; runs before the first connection. */
  prepare(stack: Stack): void;
  /** What waits for drachtio waits in vain; the dialogs that were up are up still, as far as their phones know. */
  lost(): void;
  /** The connection is back after it was lost. */
  restored(): void;
}

/** The control connection to drachtio. It comes back by itself; whoever closes it ends it for good. */
export class DrachtioConnection {
  readonly stack: Stack = new Srf();
  readonly #options: DrachtioOptions;
  readonly #log: Logger;
  #status: DrachtioStatus;
  /** It was up, and was lost; nobody has been told yet that it is back. */
  #missed = false;
  #hostPorts = '';
  #backOff = BACK_OFF.first;
  #timer: NodeJS.Timeout | undefined;
  #guarded: object | undefined;
  #settled: { resolve: (state: 'connected') => void; reject: (error: Error) => void } | undefined;

  private constructor(options: DrachtioOptions, log: Logger) {
    this.#options = options;
    this.#log = log.child({ drachtio: `${options.host}:${options.port}` });
    this.#status = { state: 'connecting', reason: 'not connected yet' };
  }

  /**
   * Resolves when drachtio has accepted us. Rejects with `unavailable` when the secret is wrong, with `timeout` after `ms`
   * milliseconds.
   */
  static async open(
    options: DrachtioOptions,
    log: Logger,
    ms: number,
    listener: ConnectionListener,
  ): Promise<DrachtioConnection> {
    const connection = new DrachtioConnection(options, log);
    const { promise, resolve, reject } = withResolvers<'connected'>();
    connection.#settled = { resolve, reject };
    connection.#listen(listener);
    listener.prepare(connection.stack);
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

  get status(): DrachtioStatus {
    return this.#status;
  }

  /** Twice is fine. */
  close(): void {
    if (this.#closed) return;
    this.#status = { state: 'closed' };
    clearTimeout(this.#timer);
    this.#stop();
  }

  get #closed(): boolean {
    return this.#status.state === 'closed';
  }

  #listen(listener: ConnectionListener): void {
    this.stack.on('connect', (error, hostPorts) => {
      if (this.#closed) return;
      if (error !== null && error !== undefined) {
        this.#refused();
        return;
      }
      const missed = this.#missed;
      this.#missed = false;
      this.#status = { state: 'up' };
      this.#hostPorts = hostPorts ?? '';
      this.#backOff = BACK_OFF.first;
      for (const socket of this.stack.app.client?.mapServer.keys() ?? []) socket.setNoDelay(true);
      this.#log.info({ hostPorts }, missed ? 'connected to drachtio again' : 'connected to drachtio');
      this.#settled?.resolve('connected');
      if (missed) listener.restored();
    });
    this.stack.on('error', (error) => this.#lost(listener, error));
    this.stack.on('close', () => this.#lost(listener, undefined));
  }

  #connect(): void {
    const { host, port, secret } = this.#options;
    this.stack.connect({ host, port, secret, reconnect: { retryMaxDelay: RETRY_MAX_MS } });
    const wire = this.stack.app.client?.wp;
    if (wire === undefined || wire === this.#guarded) return;
    this.#guarded = wire;
    guardFrames(wire, (error) => this.#log.error({ err: error }, 'drachtio made no sense'));
  }

  #lost(listener: ConnectionListener, error: unknown): void {
    if (this.#closed) return;
    const reason = error instanceof Error ? error.message : 'the connection was closed';
    if (this.#status.state === 'up') {
      this.#missed = true;
      this.#log.error({ err: error }, 'connection to drachtio lost');
      this.#status = { state: 'lost', reason };
      listener.lost();
    } else if (error !== undefined) {
      // srf says so at each of its attempts, the log once for each reason.
      const known = 'reason' in this.#status && this.#status.reason === reason;
      if (!known) this.#log.warn({ err: error }, 'drachtio cannot be reached, trying again');
      this.#status = { state: this.#missed ? 'lost' : 'connecting', reason };
    }
  }

  #refused(): void {
    const reason = 'drachtio refuses our secret';
    if (this.#status.state !== 'refused') this.#log.error({ retryMs: this.#backOff }, reason);
    this.#status = { state: 'refused', reason };
    this.#settled?.reject(new EarpieceError('unavailable', reason));
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
