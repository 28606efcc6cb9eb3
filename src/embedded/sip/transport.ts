import { networkInterfaces } from 'node:os';
import { formatVia, parseNameAddr, parseUri, parseVia, splitList, type Via } from './address.ts';
import { bindAll, type BoundSockets, type ListenOptions, type Protocol } from './bound-sockets.ts';
import { parseMessage, responseTo, serializeMessage, type SipMessage } from './message.ts';
import { randomTag } from './identifiers.ts';
import { SipParseError } from './parse-error.ts';
import { Reachability } from './reachability.ts';
import type { StreamConnections } from './stream-connections.ts';
import { sendUdp, type RemoteInfo, type Socket } from './udp-socket.ts';

export type { Protocol } from './bound-sockets.ts';

const defaultPorts: Readonly<Record<Protocol, number>> = { udp: 5060, tcp: 5060, tls: 5061, ws: 80, wss: 443 };

/** Where a URI without a port means (RFC 3261 19.1.2, RFC 7118 5). */
export const defaultPort = (protocol: Protocol): number => defaultPorts[protocol];

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

/** One SIP listening point: a UDP socket and stream listeners. It reads, checks and writes; it knows no transactions. */
export class SipTransport {
  /** The address by which peers reach it. */
  readonly host: string;
  readonly #ports: ReadonlyMap<Protocol, number>;
  readonly counters: TransportCounters = { received: 0, sent: 0, malformed: 0, dropped: 0, failed: 0 };
  readonly #udp: Socket;
  readonly #streams: ReadonlyMap<Protocol, StreamConnections>;
  readonly #reachability = new Reachability();
  #handler: MessageHandler | undefined;
  #closing: Promise<void> | undefined;

  private constructor(host: string, bound: BoundSockets) {
    this.host = host;
    this.#ports = bound.ports;
    this.#udp = bound.udp;
    this.#streams = bound.streams;
    this.#udp.on('message', (raw, remote) => {
      this.#receiveUdp(raw, remote);
    });
    // A datagram socket survives its errors; what could not be sent is reported by the send itself.
    this.#udp.on('error', () => (this.counters.failed += 1));
    for (const [protocol, streams] of this.#streams) {
      streams.receive({
        message: (raw, peer) => {
          this.#receive(raw, { protocol, address: peer.address, port: peer.port, bytes: raw.length });
        },
        unreadable: () => {
          this.counters.malformed += 1;
          this.counters.dropped += 1;
        },
      });
    }
  }

  /** Binds UDP, TCP and what else is asked for. Rejects with the system's error when a port is taken. */
  static async listen(options: ListenOptions): Promise<SipTransport> {
    const advertise = options.advertise ?? reachableAddress(options.host);
    return new SipTransport(advertise, await bindAll(options));
  }

  /** The port of a listener; undefined where there is none. */
  port(protocol: Protocol): number | undefined {
    return this.#ports.get(protocol);
  }

  get udpPort(): number {
    return this.port('udp') ?? 0;
  }

  get tcpPort(): number {
    return this.port('tcp') ?? 0;
  }

  /** What it listens on. */
  get protocols(): readonly Protocol[] {
    return [...this.#ports.keys()];
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
      else await this.#streamsOf(target.protocol).send(text, target);
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

  /** Stream connections that are open. */
  get connections(): number {
    let size = 0;
    for (const streams of this.#streams.values()) size += streams.size;
    return size;
  }

  /** Closes every socket and connection; further sends reject. Calling it twice is fine. */
  close(): Promise<void> {
    this.#closing ??= Promise.all([
      new Promise<void>((resolve) => {
        this.#udp.close(() => {
          resolve();
        });
      }),
      ...[...this.#streams.values()].map((streams) => streams.close()),
    ]).then(() => undefined);
    return this.#closing;
  }

  #streamsOf(protocol: Protocol): StreamConnections {
    const streams = this.#streams.get(protocol);
    if (streams === undefined) throw new Error(`no ${protocol} here`);
    return streams;
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
    if (source.protocol !== 'udp') this.#noteContact(message, source);
    if (this.#handler === undefined) this.counters.dropped += 1;
    else this.#handler(message, source, text);
  }

  /**
   * A phone behind a connection of its own listens nowhere: its Contact means that connection. Believed where it names the
   * host the connection comes from, or no host at all (RFC 7118 5, `.invalid`).
   */
  #noteContact(message: SipMessage, source: SipSource): void {
    const contact = contactPlace(message);
    if (contact === undefined || (contact.host !== source.address && !contact.host.endsWith('.invalid'))) return;
    const { host, port = defaultPort(source.protocol) } = contact;
    this.#streamsOf(source.protocol).alias(source, { address: host, port });
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

/** Host and port of the first Contact; undefined where there is none that can be read. */
function contactPlace({ headers }: SipMessage): { readonly host: string; readonly port?: number } | undefined {
  const contact = headers.get('contact');
  if (contact === undefined || contact.trim() === '*') return undefined;
  try {
    const uri = parseUri(parseNameAddr(splitList(contact)[0] ?? '').uri);
    return uri.scheme === 'tel' ? undefined : uri;
  } catch (error) {
    // Whoever needs it will complain about it.
    if (error instanceof SipParseError) return undefined;
    throw error;
  }
}

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

/** Where a response goes (RFC 3261 18.2.2, RFC 3581 4). On a stream it goes back on the connection it came from. */
export function responseTarget(topVia: string, source: SipTarget): SipTarget {
  if (source.protocol !== 'udp') return source;
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
