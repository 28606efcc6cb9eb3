/**
 * Whether somebody talks, as FreeSWITCH's conference finds it out (conference_loop_input of 1.10.12): the energy of a frame
 * is the mean of its samples' magnitudes; much more than the threshold is talking at once, a little more after five
 * frames; forty frames below it, or without sound, are the end.
 */
const MUCH_ABOVE = 400;
const FRAMES_TO_BEGIN = 5;
const FRAMES_TO_END = 40;
const FRAME_MS = 20;

export class TalkDetector {
  readonly #onChange: (talking: boolean, energy: number) => void;
  #threshold: number | undefined;
  #talking = false;
  #above = 0;
  #below = 0;
  #lastHeard = 0;

  constructor(onChange: (talking: boolean, energy: number) => void) {
    this.#onChange = onChange;
  }

  /** Begins anew, as silent; nobody is told. @param threshold `undefined`: not interested any more */
  watch(threshold: number | undefined): void {
    this.#threshold = threshold;
    this.#talking = false;
    this.#above = this.#below = 0;
  }

  /** @param now ms */
  hear(samples: Int16Array, now: number): void {
    if (this.#threshold === undefined) return;
    this.#lastHeard = now;
    const energy = meanMagnitude(samples);
    if (energy > this.#threshold) this.#sound(energy, energy - this.#threshold >= MUCH_ABOVE);
    else this.#silence(1, energy);
  }

  /** To be called now and then: no packets are silence too. */
  poll(now: number): void {
    const frames = Math.floor((now - this.#lastHeard) / FRAME_MS);
    if (this.#talking && frames >= FRAMES_TO_END) this.#silence(frames, 0);
  }

  #sound(energy: number, much: boolean): void {
    if (this.#below > 0) this.#below--;
    if (!much && ++this.#above < FRAMES_TO_BEGIN) return;
    this.#above = this.#below = 0;
    this.#tell(true, energy);
  }

  #silence(frames: number, energy: number): void {
    if (this.#above > 0) this.#above--;
    if (!this.#talking) return;
    this.#below += frames;
    if (this.#below < FRAMES_TO_END) return;
    this.#above = this.#below = 0;
    this.#tell(false, energy);
  }

  #tell(talking: boolean, energy: number): void {
    if (talking === this.#talking) return;
    this.#talking = talking;
    this.#onChange(talking, energy);
  }
}

/** FreeSWITCH's energy of a frame: 0 … 32768. */
export function meanMagnitude(samples: Int16Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample < 0 ? -sample : sample;
  return samples.length === 0 ? 0 : Math.floor(sum / samples.length);
}
