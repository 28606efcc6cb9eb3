import { connect, createServer, type Server, type Socket } from 'node:net';
import { formatHostPort } from './address.ts';
import { SipFramingError, StreamFramer } from './stream-framer.ts';

export interface TcpPeer {
  readonly address: string;
  readonly port: number;
}

export interface TcpEvents {
  message(raw: Buffer, peer: TcpPeer): void;
  /** The stream of this peer could not be cut into messages and was closed. */
  unreadable(peer: TcpPeer): void;
}

/** The SIP connections of one listener: those that came in and those we opened, found by the peer's address. */
export class TcpConnections {
  readonly #server: Server;
  #events: TcpEvents | undefined;
  readonly #open = new Map<string, Socket>();
  readonly #opening = new Map<string, Promise<Socket>>();

  constructor() {
    this.#server = createServer({ noDelay: true }, (socket) => {
      this.#adopt(socket);
    });
  }

  /** Says who takes what arrives; to be called in the turn in which `listen` resolves. */
  receive(events: TcpEvents): void {
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
  async send(bytes: Buffer | string, peer: TcpPeer): Promise<void> {
    const key = formatHostPort(peer.address, peer.port);
    const socket = this.#open.get(key) ?? (await this.#connect(key, peer));
    await new Promise<void>((resolve, reject) => {
      socket.write(bytes, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }

  get size(): number {
    return this.#open.size;
  }

  async close(): Promise<void> {
    for (const socket of this.#open.values()) socket.destroy();
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
  }

  /** Two requests to a peer that is not connected yet share one connection. */
  #connect(key: string, peer: TcpPeer): Promise<Socket> {
    const opening = this.#opening.get(key);
    if (opening !== undefined) return opening;
    const fresh = new Promise<Socket>((resolve, reject) => {
      const socket = connect({ host: peer.address, port: peer.port, noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        this.#adopt(socket, key);
        resolve(socket);
      });
    }).finally(() => this.#opening.delete(key));
    this.#opening.set(key, fresh);
    return fresh;
  }

  #adopt(socket: Socket, dialled?: string): void {
    const peer = { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 };
    const key = dialled ?? formatHostPort(peer.address, peer.port);
    const framer = new StreamFramer();
    this.#open.set(key, socket);
    socket.on('data', (segment) => {
      this.#receive(socket, framer, segment, peer);
    });
    // 'close' follows every 'error': what is pending on this connection fails through its own write.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      if (this.#open.get(key) === socket) this.#open.delete(key);
    });
  }

  #receive(socket: Socket, framer: StreamFramer, segment: Buffer, peer: TcpPeer): void {
    try {
      const pinged = framer.pings;
      for (const raw of framer.push(segment)) this.#events?.message(raw, peer);
      if (framer.pings > pinged) socket.write('\r\n');
    } catch (error) {
      if (!(error instanceof SipFramingError)) throw error;
      this.#events?.unreadable(peer);
      socket.destroy();
    }
  }
}
