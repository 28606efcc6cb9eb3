import type { Frame } from './frames.ts';
import type { Voice } from './voice.ts';

/** A packet of its voice that a party sent. */
export interface SentPacket {
  /** performance.now() when it was handed to the socket, ms. */
  readonly at: number;
  /** Of its first sample, in the party's voice. Positions run with the clock, also while the party is silent. */
  readonly position: number;
  /** 160 for 20 ms. */
  readonly samples: number;
}

/** Whoever hears: a probe, a phone, a recording. */
export interface Listener {
  readonly name: string;
  /** Everything it received, in order of arrival. */
  frames(): readonly Frame[];
}

/** Whoever speaks. */
export interface Speaker {
  readonly name: string;
  readonly voice: Voice;
  readonly sent: readonly SentPacket[];
}

/** A listener made of sound that was written down, its first sample at `at` ms. */
export function recording(name: string, samples: Int16Array, at = 0): Listener {
  const frames: Frame[] = [];
  for (let start = 0; start < samples.length; start += 160) {
    const piece = new Int16Array(160);
    piece.set(samples.subarray(start, start + 160));
    frames.push({ at: at + start / 8, stream: 'recording', samples: piece });
  }
  return { name, frames: () => frames };
}
