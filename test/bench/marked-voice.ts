import type { Voice } from '../support/voice.ts';

const FRAME = 160;
/** The mark stands in the middle of the frame: where a jitter buffer joins two frames it touches their borders. */
const MARK_AT = 64;
const BITS = 16;
const LEVEL = 8000;

/** A voice whose frames carry their number, so that each can be recognised where it arrives: 16 bits and their complement. */
export function markedVoice(name: string): Voice {
  return voice(name, (position, samples) => {
    const number = Math.floor(position / FRAME) & 0xffff;
    for (let bit = 0; bit < BITS; bit++) {
      const level = ((number >> bit) & 1) === 1 ? LEVEL : -LEVEL;
      samples[MARK_AT + bit] = level;
      samples[MARK_AT + BITS + bit] = -level;
    }
  });
}

/** Says nothing, in as many packets as others. */
export const silentVoice = (name: string): Voice => voice(name, () => undefined);

/** The number of the frame (modulo 65,536), undefined when it is no whole marked frame. */
export function markOf(samples: Int16Array): number | undefined {
  let number = 0;
  for (let bit = 0; bit < BITS; bit++) {
    const [level, complement] = [samples[MARK_AT + bit] ?? 0, samples[MARK_AT + BITS + bit] ?? 0];
    if (Math.abs(level) < LEVEL / 2 || Math.sign(level) === Math.sign(complement)) return undefined;
    if (level > 0) number |= 1 << bit;
  }
  return number;
}

function voice(name: string, write: (position: number, samples: Int16Array) => void): Voice {
  return {
    name,
    samples: (position, count) => {
      const samples = new Int16Array(count);
      write(position, samples);
      return samples;
    },
    heardIn: (frame) => markOf(frame) !== undefined,
    levelIn: () => 0,
    nod: () => 1,
  };
}
