import type { Server, Socket } from 'node:net';
import { formatHostPort } from './address.ts';
import type { StreamDialect, StreamPeer } from './stream-dialect.ts';
import { SipFramingError } from './stream-framer.ts';

export interface StreamEvents {
  message(raw: Buffer, peer: StreamPeer): void;
  /** The stream of this peer could not be cut into messages and was closed. */
  unreadable(peer: StreamPeer): void;
}

const keyOf = ({ address, port }: StreamPeer): string => formatHostPort(address, port);

/** The SIP connections of one listener: those that came in and those we opened, found by the peer's address. */
export class StreamConnections {
  readonly #dialect: StreamDialect;
  readonly #server: Server;
  #events: StreamEvents | undefined;
  /** Whatever is connected, also before it speaks SIP. */
  readonly #sockets = new Set<Socket>();
  readonly #open = new Map<string, Socket>();
  readonly #opening = new Map<string, Promise<Socket>>();
  /** Other addresses by which the peer of a connection wants to be reached on it. */
  readonly #aliases = new Map<string, Socket>();

  constructor(dialect: StreamDialect) {
    this.#dialect = dialect;
    this.#server = dialect.createServer((socket) => {
      this.#adopt(socket);
    });
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    // A handshake that fails is the peer's affair.
    this.#server.on('tlsClientError', (_error: Error, socket: Socket) => socket.destroy());
  }

  /** Says who takes what arrives; to be called in the turn in which `listen` resolves. */
  receive(events: StreamEvents): void {
    this.#events = events;
  }

  /** @returns the port bound; rejects with EADDRINUSE and its like. */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        const address = this.#server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : port);
      });
    });
  }

  /** Sends over the connection there is, or opens one. Rejects when it cannot be opened or breaks. */
  async send(bytes: Buffer | string, peer: StreamPeer): Promise<void> {
    const key = keyOf(peer);
    const socket = this.#open.get(key) ?? this.#aliases.get(key) ?? (await this.#connect(key, peer));
    await new Promise<void>((resolve, reject) => {
      socket.write(this.#dialect.frame(bytes), (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }

  /**
   * The peer of a connection is to be reached on it under another address too: a phone that listens nowhere (RFC 5626,
   * RFC 7118 5). The first to claim an address has it as long as its connection lasts.
   */
  alias(peer: StreamPeer, other: StreamPeer): void {
    const socket = this.#open.get(keyOf(peer));
    const key = keyOf(other);
    if (socket === undefined || this.#open.has(key) || this.#aliases.has(key)) return;
    this.#aliases.set(key, socket);
    socket.once('close', () => this.#aliases.delete(key));
  }

  get size(): number {
    return this.#open.size;
  }

  async close(): Promise<void> {
    for (const socket of [...this.#open.values(), ...this.#sockets]) socket.destroy();
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
  }

  /** Two requests to a peer that is not connected yet share one connection. */
  #connect(key: string, peer: StreamPeer): Promise<Socket> {
    const { connect } = this.#dialect;
    if (connect === undefined) return Promise.reject(new Error(`no connection to ${key}`));
    const opening = this.#opening.get(key);
    if (opening !== undefined) return opening;
    const fresh = new Promise<Socket>((resolve, reject) => {
      const socket = connect(peer, () => {
        socket.off('error', reject);
        this.#adopt(socket, key);
        resolve(socket);
      });
      socket.once('error', reject);
    }).finally(() => this.#opening.delete(key));
    this.#opening.set(key, fresh);
    return fresh;
  }

  #adopt(socket: Socket, dialled?: string): void {
    const peer = { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 };
    const key = dialled ?? keyOf(peer);
    const reader = this.#dialect.createReader();
    this.#open.set(key, socket);
    socket.on('data', (segment) => {
      this.#receive(socket, reader, segment, peer);
    });
    // 'close' follows every 'error': what is pending on this connection fails through its own write.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      if (this.#open.get(key) === socket) this.#open.delete(key);
    });
  }

  #receive(socket: Socket, reader: ReturnType<StreamDialect['createReader']>, segment: Buffer, peer: StreamPeer): void {
    try {
      const { messages, reply, isOver } = reader.push(segment);
      for (const raw of messages) this.#events?.message(raw, peer);
      if (reply !== undefined) socket.write(reply);
      if (isOver) socket.end();
    } catch (error) {
      if (!(error instanceof SipFramingError)) throw error;
      this.#events?.unreadable(peer);
      socket.destroy();
    }
  }
}
