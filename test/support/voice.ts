/**
 * What a party says in a test: an endless sound that can be told from every other party's, whatever else is mixed in.
 * Positions count samples of 8 kHz since the voice began.
 */
export interface Voice {
  readonly name: string;
  /** 16 bit samples of [position, position + count). */
  samples(position: number, count: number): Int16Array;
  /** Is this voice in the 20 ms frame, be it in part, attenuated or inverted? */
  heardIn(frame: Int16Array): boolean;
  /** Amplitude of what tells the voice from others, full scale = 1. */
  levelIn(frame: Int16Array): number;
  /** Its level nods in a fixed pattern, so that a listener can tell when a frame was said: +1 or -1 in frame `frame` of it. */
  nod(frame: number): number;
}

/** Maximal-length sequence of x⁶ + x + 1: no shifted copy of it resembles it, which is how a delay is found. */
const sequence: readonly (1 | -1)[] = (() => {
  let register = 1;
  return Array.from({ length: 63 }, () => {
    const bit = register & 1;
    register = (register >> 1) | ((bit ^ ((register >> 1) & 1)) << 5);
    return bit === 1 ? 1 : -1;
  });
})();

/** The pattern of every voice of this project; it repeats after 63 frames, 1.26 s. */
export const nod = (frame: number): number => sequence[((frame % 63) + 63) % 63] ?? 1;
