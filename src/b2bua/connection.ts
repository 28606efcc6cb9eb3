import type { Logger } from '../log.ts';
import { withResolvers } from './deadline.ts';
import { PING_MS, watchPulse } from './pulse.ts';
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

/** The control connection to drachtio. It is tried until it is there, and comes back by itself; whoever closes it ends it for good. */
export class DrachtioConnection {
  readonly stack: Stack = new Srf();
  readonly #options: DrachtioOptions;
  readonly #listener: ConnectionListener;
  readonly #log: Logger;
  #status: DrachtioStatus = { state: 'connecting', reason: 'not connected yet' };
  /** It was up, and was lost; nobody has been told yet that it is back. */
  #missed = false;
  #hostPorts = '';
  #backOff = BACK_OFF.first;
  #timer: NodeJS.Timeout | undefined;
  #guarded: object | undefined;
  readonly #first = withResolvers<undefined>();
  #silence: NodeJS.Timeout | undefined;

  constructor(options: DrachtioOptions, log: Logger, listener: ConnectionListener) {
    this.#options = options;
    this.#log = log.child({ drachtio: `${options.host}:${options.port}` });
    this.#listener = listener;
    this.#listen(listener);
  }

  /**
   * Resolves when drachtio has accepted us for the first time, however long that takes; never rejects. Why it takes long is said once for
   * each reason: after `silenceMs` milliseconds, too, when there is no answer at all.
   */
  open(silenceMs: number): Promise<unknown> {
    this.#listener.prepare(this.stack);
    this.#connect();
    this.#silence = setTimeout(() => this.#failing(new Error('drachtio does not answer')), silenceMs);
    return this.#first.promise;
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
    clearTimeout(this.#silence);
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
      clearTimeout(this.#silence);
      const missed = this.#missed;
      this.#missed = false;
      this.#status = { state: 'up' };
      this.#hostPorts = hostPorts ?? '';
      this.#backOff = BACK_OFF.first;
      for (const socket of this.stack.app.client?.mapServer.keys() ?? []) socket.setNoDelay(true);
      this.#log.info({ hostPorts }, missed ? 'connected to drachtio again' : 'connected to drachtio');
      this.#first.resolve(undefined);
      if (missed) listener.restored();
    });
    this.stack.on('error', (error) => this.#lost(listener, error));
    this.stack.on('close', () => this.#lost(listener, undefined));
  }

  #connect(): void {
    const { host, port, secret } = this.#options;
    const reconnect = { retryMaxDelay: RETRY_MAX_MS };
    this.stack.connect({ host, port, secret, reconnect, enablePing: true, pingInterval: PING_MS });
    const wire = this.stack.app.client?.wp;
    if (wire === undefined || wire === this.#guarded) return;
    this.#guarded = wire;
    guardFrames(wire, (error) => this.#log.error({ err: error }, 'drachtio made no sense'));
    watchPulse(wire, (reason) => this.#log.error({ reason }, 'drachtio does not answer, connecting anew'));
  }

  #lost(listener: ConnectionListener, error: unknown): void {
    if (this.#closed) return;
    if (this.#status.state === 'up') {
      this.#missed = true;
      this.#log.error({ err: error }, 'connection to drachtio lost');
      this.#status = { state: 'lost', reason: error === undefined ? 'the connection was closed' : reasonOf(error) };
      listener.lost();
    } else if (error !== undefined) this.#failing(error);
  }

  /** srf says so at each of its attempts, the log once for each reason. */
  #failing(error: unknown): void {
    clearTimeout(this.#silence);
    const reason = reasonOf(error);
    const known = 'reason' in this.#status && this.#status.reason === reason;
    if (!known) this.#log.warn({ reason }, 'drachtio cannot be reached, trying again');
    this.#status = { state: this.#missed ? 'lost' : 'connecting', reason };
  }

  #refused(): void {
    clearTimeout(this.#silence);
    const reason = 'drachtio refuses our secret';
    if (this.#status.state !== 'refused') this.#log.error({ retryMs: this.#backOff }, reason);
    this.#status = { state: 'refused', reason };
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

/** A name with several addresses fails with as many errors, and no message of its own. */
function reasonOf(error: unknown): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return first instanceof Error ? first.message : String(first);
}
