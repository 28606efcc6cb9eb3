import { connect as connectTcp, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { StreamFramer } from './stream-framer.ts';

export interface StreamPeer {
  readonly address: string;
  readonly port: number;
}

/** What one segment of a stream brought. */
export interface StreamYield {
  readonly messages: readonly Buffer[];
  /** To be written at once, below SIP: a pong, say. */
  readonly reply: Buffer | string | undefined;
  /** The peer says goodbye. */
  readonly isOver: boolean;
}

/** How SIP messages travel on one kind of stream. */
export interface StreamDialect {
  /** A server that hands over each connection when it is ready for SIP. */
  createServer(adopt: (socket: Socket) => void): Server;
  /** Opens a connection; `ready` runs once SIP may be sent. Absent where only the peer may do so. */
  readonly connect?: (peer: StreamPeer, ready: () => void) => Socket;
  /** A reader for one connection. @throws SipFramingError from `push` when the stream cannot be read any further. */
  createReader(): { push(segment: Buffer): StreamYield };
  /** One message as it is written. */
  frame(message: Buffer | string): Buffer | string;
}

/** Key and certificate of a server, in PEM. */
export interface Credentials {
  readonly key: string | Buffer;
  readonly cert: string | Buffer;
}

/** Messages one after the other, cut by their Content-Length (RFC 3261 18.3). */
const plainStream = {
  createReader: () => {
    const framer = new StreamFramer();
    return {
      push: (segment: Buffer): StreamYield => {
        const { pings } = framer;
        const messages = framer.push(segment);
        return { messages, reply: framer.pings > pings ? '\r\n' : undefined, isOver: false };
      },
    };
  },
  frame: (message: Buffer | string) => message,
};

export const tcpDialect: StreamDialect = {
  ...plainStream,
  createServer: (adopt) => createTcpServer({ noDelay: true }, adopt),
  connect: ({ address, port }, ready) => connectTcp({ host: address, port, noDelay: true }, ready),
};

/** Whoever we connect to is not asked for a certificate we would know, as with drachtio-server 0.9.10 by default. */
export const tlsDialect = (credentials: Credentials): StreamDialect => ({
  ...plainStream,
  createServer: (adopt) => createTlsServer({ ...credentials, noDelay: true }, adopt),
  connect: ({ address, port }, ready) => connectTls({ host: address, port, rejectUnauthorized: false }, ready),
});
