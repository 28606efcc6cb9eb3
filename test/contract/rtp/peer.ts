import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { LAWS } from '../../../src/embedded/rtp/g711.ts';
import type { MediaStream, StreamConfiguration } from '../../../src/embedded/rtp/engine.ts';
import { parseRtp, RTP_HEADER_BYTES, type RtpPacket, writeRtpHeader } from '../../../src/embedded/rtp/packet.ts';

export interface Received extends RtpPacket {
  readonly from: RemoteInfo;
  readonly samples: Int16Array;
}

/** Orthogonal in a frame of 20 ms. */
export const TONES = { customer: 450, agent: 950, supervisor: 2050 } as const;

/** Amplitude of a frequency in a frame. */
export function amplitude(samples: Int16Array, frequency: number): number {
  let re = 0;
  let im = 0;
  samples.forEach((sample, i) => {
    re += sample * Math.cos((2 * Math.PI * frequency * i) / 8000);
    im += sample * Math.sin((2 * Math.PI * frequency * i) / 8000);
  });
  return (2 * Math.hypot(re, im)) / samples.length;
}

export const hears = ({ samples }: { samples: Int16Array }, frequency: number): boolean =>
  amplitude(samples, frequency) > 500;

/** A phone: sends its tone every 20 ms once told to, keeps what it gets. */
export class Peer {
  readonly frequency: number;
  readonly socket: Socket;
  readonly rtcp: Socket | undefined;
  readonly received: Received[] = [];
  readonly port: number;
  #sequence = 65_530;
  #timestamp = 0xffffff00;
  #timer: NodeJS.Timeout | undefined;
  #waiting: (() => void)[] = [];

  private constructor(frequency: number, socket: Socket, rtcp?: Socket) {
    this.frequency = frequency;
    this.socket = socket;
    this.rtcp = rtcp;
    this.port = socket.address().port;
    socket.on('message', (datagram, from) => {
      const packet = parseRtp(datagram);
      if (!packet) return;
      const samples = new Int16Array(packet.payload.length);
      LAWS[packet.payloadType === 8 ? 'PCMA' : 'PCMU'].decode(packet.payload, samples);
      // The datagram's memory is not kept by others: views into it are safe.
      this.received.push({ ...packet, from, samples });
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  static async open(frequency: number): Promise<Peer> {
    return new Peer(frequency, await bound(0));
  }

  /** With a socket for RTCP on the next port. */
  static async openWithRtcp(frequency: number): Promise<Peer> {
    for (;;) {
      const socket = await bound(0);
      try {
        return new Peer(frequency, socket, await bound(socket.address().port + 1));
      } catch {
        // The next port is taken: another pair.
        socket.close();
      }
    }
  }

  configuration(over: Partial<StreamConfiguration> = {}): StreamConfiguration {
    return {
      remote: { address: '127.0.0.1', port: this.port },
      codec: { name: 'PCMU', payloadType: 0 },
      telephoneEvent: 101,
      direction: 'sendrecv',
      ...over,
    };
  }

  /** Sends one frame of the tone. */
  say(to: MediaStream, law: 'PCMU' | 'PCMA' = 'PCMU', ssrc = this.frequency): void {
    const packet = Buffer.alloc(RTP_HEADER_BYTES + 160);
    const payloadType = law === 'PCMU' ? 0 : 8;
    writeRtpHeader(packet, { marker: false, payloadType, sequence: this.#sequence, timestamp: this.#timestamp, ssrc });
    const samples = Int16Array.from({ length: 160 }, (_, i) =>
      Math.round(6000 * Math.sin((2 * Math.PI * this.frequency * i) / 8000)),
    );
    LAWS[law].encode(samples, packet, RTP_HEADER_BYTES);
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.#timestamp = (this.#timestamp + 160) >>> 0;
    this.socket.send(packet, to.port, '127.0.0.1');
  }

  talk(to: MediaStream, law?: 'PCMU' | 'PCMA'): void {
    this.hush();
    let due = performance.now();
    const next = (): void => {
      for (; due <= performance.now(); due += 20) this.say(to, law);
      this.#timer = setTimeout(next, Math.max(1, due - performance.now()));
    };
    next();
  }

  hush(): void {
    clearTimeout(this.#timer);
  }

  /** The first `count` packets that fit, of those from now on (or from the `from`th on). */
  async hear(
    count: number,
    fits: (packet: Received) => boolean = () => true,
    from = this.received.length,
  ): Promise<Received[]> {
    for (;;) {
      const fitting = this.received.slice(from).filter(fits);
      if (fitting.length >= count) return fitting.slice(0, count);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  close(): void {
    this.hush();
    this.socket.close();
    this.rtcp?.close();
  }
}

async function bound(port: number): Promise<Socket> {
  const socket = createSocket('udp4');
  const listening = once(socket, 'listening');
  socket.bind(port, '127.0.0.1');
  await listening;
  return socket;
}
