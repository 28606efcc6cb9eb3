import type { Socket } from 'node:net';
import type Mrf from 'drachtio-fsmrf';
import { EarpieceError } from '../coaching/errors.ts';
import type { Sdp } from '../coaching/leg.ts';
import type { Logger } from '../log.ts';
import { Allowance } from './allowance.ts';
import { Congestion } from './congestion.ts';
import { type Endpoint, makeEndpoint } from './endpoint.ts';
import { type EventSocketAddress, probeEventSocket } from './event-socket-probe.ts';
import { endOnFault } from './fault-guard.ts';
import { Lifeline } from './lifeline.ts';
import { probeListenAddress } from './listening-probe.ts';
import { Patience } from './patience.ts';
import { readHeartbeat, readStatus, type ServerLoad } from './server-load.ts';
import { SipWatch } from './sip-watch.ts';

export interface MediaServerAddress extends EventSocketAddress {
  /** What it is called towards administrators and in the log; default `host:port`. */
  readonly id?: string | undefined;
  /** The SIP profile that takes the INVITEs of endpoints; default `drachtio_mrf`. */
  readonly profile?: string | undefined;
  /** Where this FreeSWITCH finds the outbound event socket, when that is not `listenAddress`. */
  readonly advertisedAddress?: string | undefined;
}

export interface Limits {
  /** ms for the answer to a command. */
  readonly replyTimeoutMs: number;
  /** ms to connect, to make or to change an endpoint, to join, to end a channel. */
  readonly setupTimeoutMs: number;
  /** ms between two questions whether the server is still there; to four of them it may owe every answer. */
  readonly pingMs: number;
  /** ms between two questions whether its SIP side is there, and as many at most for the answer. */
  readonly optionsMs: number;
}

/**
 * One connection to one FreeSWITCH, from the time it is ready until it is lost. It never comes back: drachtio-modesl
 * 1.3.1 hands replies to the wrong callers and forgets its subscriptions when it reconnects (measured), so whoever wants
 * the server again connects anew.
 */
export class FreeSwitch {
  readonly limits: Limits;
  /** Resolves, once, with why the connection is over. */
  readonly ended: Promise<string>;
  readonly #server: Mrf.MediaServer;
  readonly #patience = new Patience();
  readonly #lifeline: Lifeline;
  readonly #sip: SipWatch;
  readonly #allowance = new Allowance();
  readonly #congestion = new Congestion();
  readonly #onChanged: () => void;
  #dialogs = new AbortController();
  /** Every socket between the server and us. */
  readonly #sockets = new Set<Socket>();
  #end: (reason: string) => void = () => undefined;
  #isOver = false;

  private constructor(server: Mrf.MediaServer, limits: Limits, onChanged: () => void, log: Logger) {
    this.#server = server;
    this.limits = limits;
    this.#onChanged = onChanged;
    this.#lifeline = new Lifeline(
      limits.pingMs,
      () => this.#ping(),
      (reason) => this.#over(reason),
    );
    this.#sip = new SipWatch(server.srf, server.sip.ipv4.udp.address, limits.optionsMs, onChanged);
    server.conn.closing = true;
    // modesl writes a command and its final newline apart: with Nagle's algorithm each takes 43 ms instead of 0.3 (measured).
    server.conn.socket?.setNoDelay(true);
    const callers = server._server.server;
    callers.prependListener('connection', (socket: Socket) => {
      socket.setNoDelay(true);
      this.#keep(socket);
    });
    callers.on('connection', (socket: Socket) =>
      endOnFault(socket, (error) => log.warn({ err: error }, 'a connection to the media side made no sense')),
    );
    // One connection that could not be taken (no file handle, say): its channel is missed in time, the others go on.
    callers.on('error', (error) => log.warn({ err: error }, 'a connection to the media side was not taken'));
    server.conn.on('esl::event::HEARTBEAT::*', (event) => this.#read(readHeartbeat((name) => event.getHeader(name))));
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    // Instead of fsmrf's own listener, which announces on the console that it reconnects.
    server.conn.removeAllListeners('esl::end');
    server.conn.once('esl::end', () => this.#over('its event socket was closed'));
    const { socket } = server.conn;
    if (socket === null) this.#over('its event socket was closed');
    else {
      endOnFault(socket, ({ message }) => this.#over(`its event socket made no sense: ${message}`));
      this.#keep(socket);
    }
  }

  /**
   * Rejects with `unavailable` or `timeout`. `listenAddress`: the local one for outbound event sockets. `onChanged` is called when it
   * may have begun or ceased to take rooms.
   */
  static async connect(
    mrf: Mrf,
    address: MediaServerAddress,
    listenAddress: string,
    limits: Limits,
    onChanged: () => void,
    log: Logger,
  ): Promise<FreeSwitch> {
    const { host, port, password, profile = 'drachtio_mrf', advertisedAddress } = address;
    await probeListenAddress(listenAddress);
    await probeEventSocket(address, profile, limits.setupTimeoutMs);
    const connected = new Promise<Mrf.MediaServer>((resolve, reject) => {
      const options = {
        address: host,
        port,
        secret: password,
        listenAddress,
        listenPort: 0,
        advertisedAddress,
        profile,
      };
      let settled = false;
      mrf.connect(options, (error, server) => {
        // Once it has failed it goes on trying in the background, and says so here.
        if (settled) return server?.disconnect();
        settled = true;
        if (server === undefined) reject(EarpieceError.from(error));
        else resolve(server);
      });
    });
    const patience = new Patience();
    const server = await patience.wait('connecting', limits.setupTimeoutMs, connected, (late) => late.disconnect());
    return new FreeSwitch(server, limits, onChanged, log);
  }

  /** Resolves when its SIP side is there as well, which a full server denies; `connect` needs its event socket alone. Rejects with `unavailable`, `timeout`. */
  async sipAnswers(): Promise<void> {
    await this.#sip.look();
  }

  /** Whether it has ended: what is on the server may be there still. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Why it takes no room now; `undefined` when it does. */
  get refusal(): string | undefined {
    const full = this.#sip.failure ?? this.#allowance.refusal(performance.now());
    return full ?? (this.#congestion.congested ? 'it is at its ceiling: set-ups have become slow' : undefined);
  }

  /** Sessions there, with those that have begun since it last said it, and as a share of those it can have. */
  get load() {
    const now = performance.now();
    const { maxSessions, idleCpu } = this.#allowance;
    return { sessions: this.#allowance.sessions(now), maxSessions, share: this.#allowance.share(now), idleCpu };
  }

  /** Asks for the load, which is known afterwards. Rejects with `unavailable` or `timeout`. */
  async readLoad(): Promise<void> {
    // What has begun since it was asked may or may not be counted in the answer: it is counted here.
    const askedAt = performance.now();
    const answer = await this.api('status');
    this.#congestion.taken(performance.now() - askedAt);
    this.#read(readStatus(answer), askedAt);
  }

  /** Aborted when the dialogs that are made now are lost, though the channels stay: with the connection to drachtio (measured on 0.9.10). */
  get dialogs(): AbortSignal {
    return this.#dialogs.signal;
  }
  dialogsLost(): void {
    this.#dialogs.abort();
    this.#dialogs = new AbortController();
  }

  /** Counts a room in that is being opened here. */
  expectRoom(): void {
    this.#allowance.roomOpened(performance.now());
  }

  /** The body of the answer to a FreeSWITCH api command. Rejects with `timeout`, or `unavailable` when the connection is lost. */
  api(command: string, limitMs: number = this.limits.replyTimeoutMs): Promise<string> {
    const reply = new Promise<string>((resolve) => {
      this.#server.conn.api(command, (event) => resolve(event.getBody()));
    });
    return this.#patience.wait(`the answer to '${command}'`, limitMs, reply);
  }

  /** Makes a channel that talks to this description. Rejects with `unavailable` or `timeout`; then no channel is left. */
  async createEndpoint(remote: Sdp): Promise<Endpoint> {
    const session = this.#allowance.sessionBegun(performance.now());
    try {
      const made = await this.#congestion.count(makeEndpoint(this.#server, remote, this.#patience, this.limits));
      session.over(true, performance.now());
      return made;
    } catch (error) {
      session.over(false, performance.now());
      if (statusOf(error) === 503) this.#allowance.refused(performance.now());
      throw inWords(error);
    }
  }

  /** Waits for a step that FreeSWITCH may never take. */
  setup<T>(what: string, work: Promise<T>): Promise<T> {
    return this.#congestion.count(this.#patience.wait(what, this.limits.setupTimeoutMs, work));
  }

  /** Ends the connection; twice is fine. Channels that are up stay up. */
  close(): void {
    this.#over('it was closed');
  }

  #ping(): void {
    // Not answered in time is not gone: as long as anything comes from it, it lives, and is busy.
    this.readLoad().catch(alreadyTold);
  }

  #read(load: ServerLoad | undefined, at = performance.now()): void {
    if (load !== undefined) this.#allowance.read(load, at);
    this.#onChanged();
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    this.#lifeline.follow(socket);
  }

  #over(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#lifeline.close();
    this.#sip.close();
    this.#patience.breakOff(new EarpieceError('unavailable', `the media server is gone: ${reason}`));
    this.#server.removeAllListeners();
    this.#server.disconnect();
    // One that is frozen would never take its leave.
    for (const socket of this.#sockets) socket.destroySoon();
    this.#end(reason);
  }
}

/** The SIP status with which FreeSWITCH refused an endpoint. */
function statusOf(error: unknown): number | undefined {
  const { cause } = EarpieceError.from(error);
  return cause instanceof Error && 'status' in cause && typeof cause.status === 'number' ? cause.status : undefined;
}

/** What the statuses of FreeSWITCH mean (measured on 1.10.12). */
const REFUSALS: Readonly<Record<number, string>> = {
  488: 'FreeSWITCH answered 488: no codec in common (its codec-prefs), or no RTP port is free',
  503: 'FreeSWITCH answered 503: it is full (max-sessions, sessions-per-second)',
};

function inWords(error: unknown): EarpieceError {
  const failure = EarpieceError.from(error);
  const words = REFUSALS[statusOf(error) ?? 0];
  return words === undefined ? failure : new EarpieceError(failure.code, words, { cause: failure });
}

/** The lifeline says when the server is gone; a late answer is no news. */
function alreadyTold(): void {
  return undefined;
}
