import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { lookup as resolveName } from 'node:dns';
import { isIP } from 'node:net';

type LookupCallback = (error: NodeJS.ErrnoException | null, address: string, family: number) => void;

/** Addresses are nearly always numeric: they are not worth a trip through the resolver for each datagram. */
function lookup(host: string, options: object, done: LookupCallback): void {
  const family = isIP(host);
  if (family !== 0) done(null, host, family);
  else resolveName(host, { family: 4, ...options, all: false }, done);
}

const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;

/** A datagram socket for the family of `host`. */
export function createUdpSocket(host: string): Socket {
  return createSocket({ type: isIP(host) === 6 ? 'udp6' : 'udp4', lookup, recvBufferSize: RECEIVE_BUFFER_BYTES });
}

/** Binds; `port` 0 is any free one. Rejects with EADDRINUSE and its like. */
export function bindUdp(socket: Socket, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, host, () => {
      socket.off('error', reject);
      resolve(socket.address().port);
    });
  });
}

export function sendUdp(socket: Socket, bytes: Buffer | string, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    try {
      socket.send(bytes, port, address, (error) => {
        if (error) reject(error);
        else resolve();
      });
    } catch (error) {
      // A bad port or a closed socket is thrown at once.
      reject(error instanceof Error ? error : new Error(String(error)));
    }
  });
}

export type { RemoteInfo, Socket };
