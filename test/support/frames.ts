import { codecOf, decode } from './g711.ts';
import type { RtpPacket } from './rtp-packet.ts';
import { frameSamples } from './spectrum.ts';

/** A packet as it came in. */
export interface ReceivedPacket extends RtpPacket {
  /** performance.now() at arrival, ms. */
  readonly at: number;
  /** `address:port` it came from. */
  readonly source: string;
}

/** 20 ms of sound as a listener received them. */
export interface Frame {
  /** When its first sample can be played: arrival of its packet plus its place in it, performance.now(), ms. */
  readonly at: number;
  /** Where the sound came from: address, port and SSRC of the stream. */
  readonly stream: string;
  /** 160 samples; a shorter piece before a gap is filled up with silence, so that none of it goes unread. */
  readonly samples: Int16Array;
}

export const streamOf = (packet: ReceivedPacket): string => `${packet.source}/${packet.ssrc.toString(16)}`;

interface Piece {
  readonly samples: Int16Array;
  filled: number;
  at: number;
  nextSeq: number;
}

/**
 * Cuts what arrived into 20 ms frames, whatever the packets hold (10 to 60 ms). Packets are read in the order of arrival,
 * late ones and copies too: what reached a listener reached it. Payload types of no codec of theirs are no sound.
 */
export class FrameCutter {
  readonly #pieces = new Map<string, Piece>();

  cut(packet: ReceivedPacket): Frame[] {
    const codec = codecOf(packet.payloadType);
    if (codec === undefined) return [];
    const stream = streamOf(packet);
    const open = this.#pieces.get(stream);
    const follows = open?.nextSeq === packet.seq;
    const frames = open !== undefined && !follows && open.filled > 0 ? [this.#close(stream, open)] : [];
    const piece = follows ? open : { samples: new Int16Array(frameSamples), filled: 0, at: packet.at, nextSeq: 0 };
    piece.nextSeq = (packet.seq + 1) & 0xffff;
    for (const [n, sample] of decode(codec, packet.payload).entries()) {
      if (piece.filled === 0) piece.at = packet.at + n / 8;
      piece.samples[piece.filled++] = sample;
      if (piece.filled === frameSamples) frames.push(this.#close(stream, piece));
    }
    this.#pieces.set(stream, piece);
    return frames;
  }

  /** The pieces that nothing followed. */
  rest(): Frame[] {
    return [...this.#pieces]
      .filter(([, piece]) => piece.filled > 0)
      .map(([stream, piece]) => this.#close(stream, piece));
  }

  #close(stream: string, piece: Piece): Frame {
    const samples = piece.samples.slice();
    piece.samples.fill(0);
    piece.filled = 0;
    return { at: piece.at, stream, samples };
  }
}

/** All frames of a listener, in order of arrival. */
export function framesOf(packets: Iterable<ReceivedPacket>): Frame[] {
  const cutter = new FrameCutter();
  const frames: Frame[] = [];
  for (const packet of packets) frames.push(...cutter.cut(packet));
  return [...frames, ...cutter.rest()].sort((a, b) => a.at - b.at);
}
