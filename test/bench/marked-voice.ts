import type { Voice } from '../support/voice.ts';

const FRAME = 160;
const BITS = 16;
const LEVEL = 8000;
/** Where in the frame the marks of up to three voices stand: apart from each other, so that a mix of them can be read. */
const MARKS = [16, 64, 112] as const;
export type Slot = 0 | 1 | 2;

/**
 * A voice whose frames carry their number, so that each can be recognised where it arrives, alone or mixed with voices that
 * have another slot: 16 bits and their complement. Mixers that take whole packets keep the frames together; where a jitter
 * buffer joins two of them it touches their borders.
 */
export function markedVoice(name: string, slot: Slot): Voice {
  return voice(name, slot, (position, samples) => {
    const number = Math.floor(position / FRAME) & 0xffff;
    for (let bit = 0; bit < BITS; bit++) {
      const level = ((number >> bit) & 1) === 1 ? LEVEL : -LEVEL;
      samples[MARKS[slot] + bit] = level;
      samples[MARKS[slot] + BITS + bit] = -level;
    }
  });
}

/** Says nothing, in as many packets as others. */
export const silentVoice = (name: string): Voice => voice(name, 0, () => undefined);

/** The number of the frame (modulo 65,536) of the voice with that slot, undefined when it is no whole marked frame. */
export function markOf(samples: Int16Array, slot: Slot): number | undefined {
  let number = 0;
  for (let bit = 0; bit < BITS; bit++) {
    const [level, complement] = [samples[MARKS[slot] + bit] ?? 0, samples[MARKS[slot] + BITS + bit] ?? 0];
    if (Math.abs(level) < LEVEL / 2 || Math.sign(level) === Math.sign(complement)) return undefined;
    if (level > 0) number |= 1 << bit;
  }
  return number;
}

function voice(name: string, slot: Slot, write: (position: number, samples: Int16Array) => void): Voice {
  return {
    name,
    samples: (position, count) => {
      const samples = new Int16Array(count);
      write(position, samples);
      return samples;
    },
    // Also what is cut off, softer or turned round in phase.
    heardIn: (frame) => frame.slice(MARKS[slot], MARKS[slot] + 2 * BITS).some((level) => Math.abs(level) > LEVEL / 8),
    levelIn: () => 0,
    nod: () => 1,
  };
}
