import { FRAME_SAMPLES } from './frame.ts';
import { add, saturate } from './mixer.ts';

/** One thing a listener hears: a place in it, and how loud it is. */
export interface Ear {
  /** The frame for `due` (ms), nothing = silence. Called once per frame. */
  read(due: number): Int16Array | undefined;
  /** Factor for each sample. */
  gain(): number;
  /** When its next frame can be read, ms; nothing when that does not matter. */
  ready(): number | undefined;
}

/**
 * What one listener hears now. A source that may not be heard has no ear here, thus no buffer, no concealment and no
 * way into the sum: taking the ear away silences it from the very next frame.
 */
export class Ears<Source> {
  readonly #ears = new Map<Source, Ear>();
  readonly #sum = new Int32Array(FRAME_SAMPLES);
  readonly #frame = new Int16Array(FRAME_SAMPLES);

  has(source: Source): boolean {
    return this.#ears.has(source);
  }

  /** Opens an ear to each of `wanted` that has none, keeps those that have, and closes all others. */
  set(wanted: ReadonlySet<Source>, open: (source: Source) => Ear): void {
    for (const source of this.#ears.keys()) if (!wanted.has(source)) this.#ears.delete(source);
    for (const source of wanted) if (!this.#ears.has(source)) this.#ears.set(source, open(source));
  }

  /** The sum of what is heard, times `gain`; nothing when all is silent. Valid until the next call. */
  hear(due: number, gain: number): Int16Array | undefined {
    let audible = false;
    for (const ear of this.#ears.values()) {
      const frame = ear.read(due);
      if (!frame) continue;
      if (!audible) this.#sum.fill(0);
      audible = true;
      add(this.#sum, frame, ear.gain());
    }
    if (!audible) return undefined;
    saturate(this.#sum, this.#frame, gain);
    return this.#frame;
  }

  /** When the sources that do matter can be read, ms. */
  readyTimes(): number[] {
    const times: number[] = [];
    for (const ear of this.#ears.values()) {
      const ready = ear.ready();
      if (ready !== undefined) times.push(ready);
    }
    return times;
  }
}
