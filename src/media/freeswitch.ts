import type { Socket } from 'node:net';
import type Mrf from 'drachtio-fsmrf';
import { EarpieceError } from '../coaching/errors.ts';
import type { Sdp } from '../coaching/leg.ts';
import type { Logger } from '../log.ts';
import { type Endpoint, makeEndpoint } from './endpoint.ts';
import { type EventSocketAddress, probeEventSocket } from './event-socket-probe.ts';
import { endOnFault } from './fault-guard.ts';
import { probeListenAddress } from './listening-probe.ts';
import { Patience } from './patience.ts';

export interface MediaServerAddress extends EventSocketAddress {
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
  /** ms between two questions whether the server is still there. */
  readonly pingMs: number;
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
  readonly #pings: NodeJS.Timeout;
  #end: (reason: string) => void = () => undefined;
  #isOver = false;

  private constructor(server: Mrf.MediaServer, limits: Limits, log: Logger) {
    this.#server = server;
    this.limits = limits;
    server.conn.closing = true;
    // modesl writes a command and its final newline apart: with Nagle's algorithm each takes 43 ms instead of 0.3 (measured).
    server.conn.socket?.setNoDelay(true);
    const callers = server._server.server;
    callers.prependListener('connection', (socket: Socket) => socket.setNoDelay(true));
    callers.on('connection', (socket: Socket) =>
      endOnFault(socket, (error) => log.warn({ err: error }, 'a connection to the media side made no sense')),
    );
    // One connection that could not be taken (no file handle, say): its channel is missed in time, the others go on.
    callers.on('error', (error) => log.warn({ err: error }, 'a connection to the media side was not taken'));
    this.#pings = setInterval(() => this.#ping(), limits.pingMs).unref();
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    // Instead of fsmrf's own listener, which announces on the console that it reconnects.
    server.conn.removeAllListeners('esl::end');
    server.conn.once('esl::end', () => this.#over('its event socket was closed'));
    const { socket } = server.conn;
    if (socket === null) this.#over('its event socket was closed');
    else endOnFault(socket, ({ message }) => this.#over(`its event socket made no sense: ${message}`));
  }

  /** Rejects with `unavailable` or `timeout`. `listenAddress`: the local one for outbound event sockets. */
  static async connect(
    mrf: Mrf,
    address: MediaServerAddress,
    listenAddress: string,
    limits: Limits,
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
    return new FreeSwitch(server, limits, log);
  }

  /** The body of the answer to a FreeSWITCH api command. Rejects with `timeout`, or `unavailable` when the connection is lost. */
  api(command: string, limitMs: number = this.limits.replyTimeoutMs): Promise<string> {
    const reply = new Promise<string>((resolve) => {
      this.#server.conn.api(command, (event) => resolve(event.getBody()));
    });
    return this.#patience.wait(`the answer to '${command}'`, limitMs, reply);
  }

  /** Makes a channel that talks to this description. Rejects with `unavailable` or `timeout`; then no channel is left. */
  createEndpoint(remote: Sdp): Promise<Endpoint> {
    return makeEndpoint(this.#server, remote, this.#patience, this.limits);
  }

  /** Waits for a step that FreeSWITCH may never take. */
  setup<T>(what: string, work: Promise<T>): Promise<T> {
    return this.#patience.wait(what, this.limits.setupTimeoutMs, work);
  }

  /** Ends the connection; twice is fine. Channels that are up stay up. */
  close(): void {
    this.#over('it was closed');
  }

  /** A machine that vanishes from the network sends no FIN. */
  #ping(): void {
    this.api('status', this.limits.pingMs).catch((error: unknown) => this.#over(EarpieceError.from(error).message));
  }

  #over(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearInterval(this.#pings);
    this.#patience.breakOff(new EarpieceError('unavailable', `the media server is gone: ${reason}`));
    this.#server.removeAllListeners();
    this.#server.disconnect();
    this.#end(reason);
  }
}
