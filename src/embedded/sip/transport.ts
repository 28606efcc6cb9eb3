import { networkInterfaces } from 'node:os';
import { formatVia, parseNameAddr, parseVia, splitList, type Via } from './address.ts';
import { parseMessage, responseTo, serializeMessage, type SipMessage } from './message.ts';
import { randomTag } from './identifiers.ts';
import { SipParseError } from './parse-error.ts';
import { Reachability } from './reachability.ts';
import { TcpConnections } from './tcp-connections.ts';
import { bindUdp, createUdpSocket, sendUdp, type RemoteInfo, type Socket } from './udp-socket.ts';

export type Protocol = 'udp' | 'tcp';

export interface SipTarget {
  readonly protocol: Protocol;
  /** IP address or host name. */
  readonly address: string;
  readonly port: number;
}

export interface SipSource extends SipTarget {
  /** Size of the message as it came, in bytes. */
  readonly bytes: number;
}

export type MessageHandler = (message: SipMessage, source: SipSource, raw: string) => void;

export interface ListenOptions {
  /** The address to bind; 0.0.0.0 for all. */
  readonly host: string;
  /** The address written into Via and Contact; the bound one, or for 0.0.0.0 the first of this machine. */
  readonly advertise?: string;
  /** 0 or absent: any free port. */
  readonly udpPort?: number;
  /** 0 or absent: the same number as UDP where that is free, else any. */
  readonly tcpPort?: number;
}

export interface TransportCounters {
  received: number;
  sent: number;
  /** Not SIP, or SIP that breaks the grammar. */
  malformed: number;
  /** Malformed and not answered, or nobody there to take it. */
  dropped: number;
  /** Could not be sent. */
  failed: number;
}

/** One SIP listening point: a UDP socket and a TCP listener. It reads, checks and writes; it knows no transactions. */
export class SipTransport {
  /** The address by which peers reach it. */
  readonly host: string;
  readonly udpPort: number;
  readonly tcpPort: number;
  readonly counters: TransportCounters = { received: 0, sent: 0, malformed: 0, dropped: 0, failed: 0 };
  readonly #udp: Socket;
  readonly #tcp: TcpConnections;
  readonly #reachability = new Reachability();
  #handler: MessageHandler | undefined;
  #closing: Promise<void> | undefined;

  private constructor(host: string, bound: BoundSockets) {
    this.host = host;
    this.udpPort = bound.udpPort;
    this.tcpPort = bound.tcpPort;
    this.#udp = bound.udp;
    this.#tcp = bound.tcp;
    this.#udp.on('message', (raw, remote) => {
      this.#receiveUdp(raw, remote);
    });
    // A datagram socket survives its errors; what could not be sent is reported by the send itself.
    this.#udp.on('error', () => (this.counters.failed += 1));
    this.#tcp.receive({
      message: (raw, peer) => {
        this.#receive(raw, { protocol: 'tcp', address: peer.address, port: peer.port, bytes: raw.length });
      },
      unreadable: () => {
        this.counters.malformed += 1;
        this.counters.dropped += 1;
      },
    });
  }

  /** Binds UDP and TCP. Rejects with the system's error when a port that was asked for is taken. */
  static async listen(options: ListenOptions): Promise<SipTransport> {
    const advertise = options.advertise ?? reachableAddress(options.host);
    return new SipTransport(advertise, await bindBoth(options.host, options.udpPort ?? 0, options.tcpPort ?? 0));
  }

  onMessage(handler: MessageHandler): void {
    this.#handler = handler;
  }

  /** Serialises and sends. Rejects when the message is too large, or the connection is refused or lost. */
  send(message: SipMessage, target: SipTarget): Promise<void> {
    return this.sendBytes(serializeMessage(message), target);
  }

  /** Sends what is serialised already: retransmissions. */
  async sendBytes(text: string, target: SipTarget): Promise<void> {
    try {
      if (this.#closing !== undefined) throw new Error('transport closed');
      if (target.protocol === 'udp') await sendUdp(this.#udp, text, target.port, target.address);
      else await this.#tcp.send(text, target);
      this.counters.sent += 1;
    } catch (error) {
      this.counters.failed += 1;
      throw error;
    }
  }

  /**
   * Finds out in the background whether a UDP port is closed, unless its owner was heard a moment ago.
   * @param refused called at most once, only for a closed port.
   */
  checkReachable(target: SipTarget, refused: () => void): void {
    if (target.protocol !== 'udp') return;
    this.#reachability.check(target.address, target.port, refused);
  }

  /** TCP connections that are open. */
  get connections(): number {
    return this.#tcp.size;
  }

  /** Closes both sockets and every connection; further sends reject. Calling it twice is fine. */
  close(): Promise<void> {
    this.#closing ??= Promise.all([
      new Promise<void>((resolve) => {
        this.#udp.close(() => {
          resolve();
        });
      }),
      this.#tcp.close(),
    ]).then(() => undefined);
    return this.#closing;
  }

  #receiveUdp(raw: Buffer, remote: RemoteInfo): void {
    // CRLF alone is a keep-alive (RFC 5626 3.5.1); an empty datagram is nothing.
    if (raw.length <= 4 && isBlank(raw)) return;
    this.#reachability.note(remote.address, remote.port);
    this.#receive(raw, { protocol: 'udp', address: remote.address, port: remote.port, bytes: raw.length });
  }

  #receive(raw: Buffer, source: SipSource): void {
    this.counters.received += 1;
    const text = raw.toString('utf8').trimStart();
    let message: SipMessage;
    try {
      message = parseMessage(text);
      if (message.kind === 'request') noteSource(message, source);
    } catch (error) {
      if (!(error instanceof SipParseError)) throw error;
      this.#refuse(error, source);
      return;
    }
    if (this.#handler === undefined) this.counters.dropped += 1;
    else this.#handler(message, source, text);
  }

  /** Answers what can be answered (RFC 3261 8.2), statelessly; counts the rest. */
  #refuse(error: SipParseError, source: SipSource): void {
    this.counters.malformed += 1;
    const request = error.partial;
    if (request === undefined) {
      this.counters.dropped += 1;
      return;
    }
    const toTag = hasReadableTo(request.headers.get('to')) ? randomTag() : undefined;
    const response = responseTo(request, error.status, undefined, toTag === undefined ? {} : { toTag });
    this.send(response, responseTarget(request.headers.get('via') ?? '', source)).catch(() => {
      this.counters.dropped += 1;
    });
  }
}

const isBlank = (raw: Buffer): boolean => raw.every((byte) => byte === 13 || byte === 10 || byte === 0);

function hasReadableTo(to: string | undefined): boolean {
  try {
    return to !== undefined && !parseNameAddr(to).params.has('tag');
  } catch (error) {
    // An unreadable To is sent back as it came.
    if (error instanceof SipParseError) return false;
    throw error;
  }
}

/** Notes in the top Via where the request really came from (RFC 3261 18.2.1, RFC 3581 4). */
function noteSource(message: SipMessage, source: SipTarget): void {
  const value = message.headers.get('via') ?? '';
  const [top = '', ...others] = splitList(value);
  const via = parseVia(top);
  const asked = via.params.get('rport');
  if (asked === undefined && via.host === source.address) return;
  if (asked !== undefined) via.params.set('rport', String(source.port));
  if (via.host !== source.address) via.params.set('received', source.address);
  message.headers.replaceFirst('via', [formatVia(via), ...others].join(', '));
}

/** Where a response goes (RFC 3261 18.2.2, RFC 3581 4). Over TCP it goes back on the connection it came from. */
export function responseTarget(topVia: string, source: SipTarget): SipTarget {
  if (source.protocol === 'tcp') return source;
  let via: Via;
  try {
    via = parseVia(splitList(topVia)[0] ?? '');
  } catch (error) {
    if (error instanceof SipParseError) return source;
    throw error;
  }
  const rport = via.params.has('rport') ? source.port : undefined;
  return { protocol: 'udp', address: source.address, port: rport ?? via.port ?? 5060 };
}

function reachableAddress(host: string): string {
  if (host !== '0.0.0.0' && host !== '::') return host;
  const family = host === '::' ? 'IPv6' : 'IPv4';
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return addresses.find((each) => !each.internal && each.family === family)?.address ?? '127.0.0.1';
}

interface BoundSockets {
  readonly udp: Socket;
  readonly udpPort: number;
  readonly tcp: TcpConnections;
  readonly tcpPort: number;
}

/** With both ports free to choose they get the same number, for the sake of whoever reads a trace. */
async function bindBoth(host: string, udpPort: number, tcpPort: number): Promise<BoundSockets> {
  for (let attempt = 1; ; attempt += 1) {
    const udp = createUdpSocket(host);
    const tcp = new TcpConnections();
    const lastAttempt = tcpPort !== 0 || attempt > SAME_NUMBER_ATTEMPTS;
    try {
      const bound = await bindUdp(udp, host, udpPort);
      const wanted = lastAttempt ? tcpPort : bound;
      return { udp, udpPort: bound, tcp, tcpPort: await tcp.listen(host, wanted) };
    } catch (error) {
      udp.close();
      if (lastAttempt || isTaken(udpPort, error)) throw error;
    }
  }
}

/** A UDP port that was asked for by number stays taken, however often one tries. */
const isTaken = (udpPort: number, error: unknown): boolean =>
  udpPort !== 0 && error instanceof Error && 'syscall' in error && error.syscall === 'bind';

const SAME_NUMBER_ATTEMPTS = 20;
