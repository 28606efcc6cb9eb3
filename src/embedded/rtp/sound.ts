import { FRAME_SAMPLES } from './frame.ts';

/** Something to play: readable from any place, so that each listener may be somewhere else in it. */
export interface Sound {
  /** Its length; Infinity = until stopped. */
  readonly samples: number;
  /** Writes the frame that begins at sample `position`; beyond the end it is silent. */
  read(position: number, into: Int16Array): void;
}

/** @param ms -1 = for ever */
export function silenceOf(ms: number): Sound {
  return {
    samples: ms < 0 ? Infinity : ms * 8,
    read(_position, into) {
      into.fill(0);
    },
  };
}

/** @param loops how often it is played, -1 = until stopped */
export function recordedSound(samples: Int16Array, loops: number): Sound {
  const once = samples.length;
  const length = once === 0 ? 0 : loops < 0 ? Infinity : once * loops;
  return {
    samples: length,
    read(position, into) {
      for (let i = 0; i < FRAME_SAMPLES; i++) {
        into[i] = position + i < length ? (samples[(position + i) % once] ?? 0) : 0;
      }
    },
  };
}

/** One listener's place in a sound. */
export class SoundReader {
  readonly #sound: Sound;
  readonly #onEnd: () => void;
  readonly #frame = new Int16Array(FRAME_SAMPLES);
  #position: number;

  constructor(sound: Sound, position = 0, onEnd: () => void = ignore) {
    this.#sound = sound;
    this.#position = position;
    this.#onEnd = onEnd;
  }

  /** How far it has come, samples. */
  get position(): number {
    return Math.min(this.#position, this.#sound.samples);
  }

  /** The next frame, or nothing when the sound is over; tells the end once, with the frame that holds it. */
  read(): Int16Array | undefined {
    if (this.#position >= this.#sound.samples) {
      // A sound without a single sample ends here.
      if (this.#sound.samples === 0) this.#onEnd();
      return undefined;
    }
    this.#sound.read(this.#position, this.#frame);
    this.#position += FRAME_SAMPLES;
    if (this.#position >= this.#sound.samples) this.#onEnd();
    return this.#frame;
  }
}

function ignore(): void {
  // Nobody waits for the end.
}
