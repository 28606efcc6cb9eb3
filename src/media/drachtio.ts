import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import Srf from 'drachtio-srf';
import type { Logger } from '../log.ts';
import { Complaints } from './complaints.ts';
import { endOnFault } from './fault-guard.ts';

export interface DrachtioAddress {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
}

/** What drachtio-srf does not declare: its wire protocol, another one for each `connect`, which says so with each new socket. */
interface Wired {
  readonly app: { readonly client?: { readonly wp: EventEmitter & { closing?: boolean } } };
  connect(options: DrachtioAddress & { readonly reconnect: { readonly retryMaxDelay: number } }): unknown;
}

/** The longest pause of srf between attempts to reach a server that is not there, ms. */
const RETRY_MAX_MS = 2000;
/** How long until a refused secret is tried again, ms: doubled each time. srf itself would do so every 255 ms for ever (measured, 5.0.29). */
const BACK_OFF = { first: 1000, longest: 30_000 };

/** A connection to drachtio that carries nothing but the dialogs with media servers. It is tried until it is there, and comes back by itself. */
export class Drachtio {
  readonly srf = new Srf();
  readonly #address: DrachtioAddress;
  readonly #log: Logger;
  readonly #onChanged: () => void;
  readonly #failures: Complaints;
  #state: 'down' | 'up' | 'closed' = 'down';
  #wasUp = false;
  #backOff = BACK_OFF.first;
  #timer: NodeJS.Timeout | undefined;
  #socket: Socket | undefined;

  /** `onChanged` is called when the connection is lost, and when it is back. */
  constructor(address: DrachtioAddress, log: Logger, onChanged: () => void = () => undefined) {
    this.#address = address;
    this.#log = log;
    this.#onChanged = onChanged;
    // Before the first connection there is no news in it: the B2BUA speaks to the same server, and says so.
    this.#failures = new Complaints((reason) =>
      log[this.#wasUp ? 'warn' : 'debug']({ reason }, 'connection of the media side to drachtio is down, trying again'),
    );
  }

  /** Resolves when drachtio has accepted us for the first time, however long that takes; never rejects. */
  connect(): Promise<void> {
    const first = new Promise<void>((resolve) => {
      this.srf.on('connect', (error: Error | null) => {
        if (this.#state === 'closed') return;
        if (error === null) {
          this.#up();
          resolve();
        } else this.#refused();
      });
    });
    // The types of drachtio-srf 5.0.29 do not know this event.
    (this.srf as EventEmitter).on('close', () => {
      if (this.isUp) this.#down('it was closed');
    });
    this.srf.on('error', (error) => this.#down(error.message));
    this.#connect();
    return first;
  }

  /** Whether an INVITE could be sent now. */
  get isUp(): boolean {
    return this.#state === 'up';
  }

  /** Twice is fine. */
  close(): void {
    this.#state = 'closed';
    clearTimeout(this.#timer);
    this.#stop();
  }

  #connect(): void {
    const wired = this.srf as unknown as Wired;
    wired.connect({ ...this.#address, reconnect: { retryMaxDelay: RETRY_MAX_MS } });
    wired.app.client?.wp.on('connect', (socket: Socket) => {
      this.#socket = socket;
      // drachtio-srf 5.0.29 throws out of the socket's event at a message it cannot read, and again at whatever comes next (read, and tried).
      endOnFault(socket, (error) => this.#log.error({ err: error }, 'drachtio made no sense to the media side'));
    });
  }

  #up(): void {
    this.#state = 'up';
    this.#wasUp = true;
    this.#backOff = BACK_OFF.first;
    this.#failures.settled();
    this.#onChanged();
  }

  #down(reason: string): void {
    if (this.#state === 'closed') return;
    this.#failures.complain(reason);
    if (this.#state === 'down') return;
    this.#state = 'down';
    this.#onChanged();
  }

  #refused(): void {
    this.#failures.complain('it refuses our secret');
    this.#stop();
    this.#timer = setTimeout(() => this.#connect(), this.#backOff);
    this.#backOff = Math.min(2 * this.#backOff, BACK_OFF.longest);
  }

  /** Ends the connection and keeps srf from making another. */
  #stop(): void {
    const { client } = (this.srf as unknown as Wired).app;
    if (client !== undefined) client.wp.closing = true;
    this.#socket?.destroy();
  }
}
