import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';

/** An RTP socket on an even port and its RTCP socket on the next one (RFC 3550 section 11). */
export interface PortPair {
  readonly port: number;
  readonly rtp: Socket;
  readonly rtcp: Socket;
}

/** Below the ephemeral ports of Linux (32768 and up), where others' sockets come and go. */
const ANY: readonly [number, number] = [16384, 32766];

export class PortPairs {
  readonly #host: string;
  readonly #even: number[];
  #next: number;

  /** @throws when the range holds no pair */
  constructor(host: string, [min, max]: readonly [min: number, max: number] = ANY) {
    this.#host = host;
    const first = min + (min % 2);
    this.#even = Array.from({ length: Math.max(0, Math.floor((max + 1 - first) / 2)) }, (_, i) => first + 2 * i);
    if (this.#even.length === 0) throw new Error(`no RTP port pair between ${min} and ${max}`);
    // Two engines on one machine shall not try the same ports in the same order; and a port is not used again at once.
    this.#next = Math.floor(Math.random() * this.#even.length);
  }

  /** @throws when every port is taken, or the address cannot be bound */
  async bind(): Promise<PortPair> {
    for (let tried = 0; tried < this.#even.length; tried++) {
      const port = this.#even[this.#next++ % this.#even.length];
      const pair = port === undefined ? undefined : await this.#bindAt(port);
      if (pair) return pair;
    }
    throw new Error('every RTP port is taken');
  }

  async #bindAt(port: number): Promise<PortPair | undefined> {
    const rtp = await bound(this.#host, port);
    if (!rtp) return undefined;
    const rtcp = await bound(this.#host, port + 1);
    if (rtcp) return { port, rtp, rtcp };
    rtp.close();
    return undefined;
  }
}

async function bound(host: string, port: number): Promise<Socket | undefined> {
  const ipv6 = isIPv6(host);
  const socket = createSocket({
    type: ipv6 ? 'udp6' : 'udp4',
    // Addresses come from SDP as numbers: answering at once spares a turn of the event loop for each packet sent.
    lookup: (address, _options, answer) => answer(null, address, ipv6 ? 6 : 4),
  });
  const listening = once(socket, 'listening');
  socket.bind({ port, address: host, exclusive: true });
  try {
    await listening;
    return socket;
  } catch (error) {
    socket.close();
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return undefined;
    throw error;
  }
}
