/** Its own process: so many RTP streams of PCMU, 20 ms, each at a phase of its own, from few sockets; counts what comes back. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

export type LoadQuestion =
  | { readonly type: 'open' }
  | { readonly type: 'send'; readonly ports: readonly number[] }
  | { readonly type: 'count' };

/** To `open`: where the mixer sends to; stream n belongs to socket n modulo their number. */
export interface LoadPorts {
  readonly ports: readonly number[];
}
export interface LoadCount {
  readonly sent: number;
  readonly received: number;
}

const SOCKETS = 4;
const HEADER = 12;
const SAMPLES = 160;
const FRAME_MS = 20;
/** A stall of the generator is not made up for by a flood: what is older is left out, ms. */
const CATCH_UP_MS = 40;

interface Stream {
  readonly socket: Socket;
  readonly port: number;
  readonly packet: Buffer;
  sequence: number;
  timestamp: number;
}

const sockets: Socket[] = [];
/** Streams by the millisecond of the 20 in which they send. */
const phases: Stream[][] = Array.from({ length: FRAME_MS }, () => []);
const count = { sent: 0, received: 0 };

async function open(): Promise<LoadPorts> {
  for (let n = 0; n < SOCKETS; n++) {
    const socket = createSocket({
      type: 'udp4',
      recvBufferSize: 1 << 21,
      lookup: (address, _options, answer) => answer(null, address, 4),
    });
    socket.on('message', () => count.received++);
    const listening = once(socket, 'listening');
    socket.bind(0, '127.0.0.1');
    await listening;
    sockets.push(socket);
  }
  return { ports: sockets.map((socket) => socket.address().port) };
}

function begin(ports: readonly number[]): void {
  for (const [n, port] of ports.entries()) {
    const socket = sockets[n % SOCKETS];
    if (socket === undefined) throw new Error('open comes first');
    const packet = Buffer.alloc(HEADER + SAMPLES);
    packet[0] = 0x80;
    packet.writeUInt32BE(n + 1, 8);
    // Something to add up: loud, and different in each stream.
    for (let i = HEADER; i < packet.length; i++) packet[i] = Math.floor(Math.random() * 256);
    phases[Math.floor(Math.random() * FRAME_MS)]?.push({ socket, port, packet, sequence: 0, timestamp: 0 });
  }
  const begun = performance.now();
  let done = 0;
  setInterval(() => {
    const now = Math.floor(performance.now() - begun);
    for (done = Math.max(done, now - CATCH_UP_MS); done < now; done++) {
      for (const stream of phases[done % FRAME_MS] ?? []) sendFrame(stream);
    }
  }, 1);
}

function sendFrame(stream: Stream): void {
  const { socket, packet, port } = stream;
  stream.sequence = (stream.sequence + 1) & 0xffff;
  stream.timestamp = (stream.timestamp + SAMPLES) >>> 0;
  packet.writeUInt16BE(stream.sequence, 2);
  packet.writeUInt32BE(stream.timestamp, 4);
  socket.send(packet, port, '127.0.0.1');
  count.sent++;
}

process.on('message', (question: LoadQuestion) => {
  void answer(question).then((given) => process.send?.(given));
});

process.send?.('ready');

async function answer(question: LoadQuestion): Promise<object> {
  switch (question.type) {
    case 'open':
      return open();
    case 'send':
      begin(question.ports);
      return {};
    case 'count':
      return { ...count };
  }
}
