import { DigitReader } from './digits.ts';
import { FrameCutter, framesOf, streamOf, type Frame, type ReceivedPacket } from './frames.ts';
import { readRtp } from './rtp-packet.ts';
import type { Voice } from './voice.ts';
import { type Wait, Watch } from './watch.ts';

/** Everything that comes in at a probe, written down, and waiting for it. */
export class Ears {
  readonly received: ReceivedPacket[] = [];
  readonly #name: string;
  readonly #eventPayloadType: number;
  readonly #watch = new Watch();
  readonly #cutters = new Set<(packet: ReceivedPacket) => void>();
  readonly #digits = new DigitReader();
  #frames: { readonly packets: number; readonly frames: Frame[] } = { packets: 0, frames: [] };

  constructor(name: string, eventPayloadType: number) {
    this.#name = name;
    this.#eventPayloadType = eventPayloadType;
  }

  /** Keys received as telephone events. */
  get digits(): string {
    return this.#digits.text;
  }

  /** What is not RTP is passed over. `source` is `address:port`. */
  read(datagram: Buffer, source: string): void {
    const packet = readRtp(datagram);
    if (packet === undefined) return;
    const arrived: ReceivedPacket = { ...packet, at: performance.now(), source };
    this.received.push(arrived);
    if (packet.payloadType === this.#eventPayloadType) this.#digits.read(packet);
    for (const cut of this.#cutters) cut(arrived);
    this.#watch.touch();
  }

  frames(): readonly Frame[] {
    if (this.#frames.packets !== this.received.length) {
      this.#frames = { packets: this.received.length, frames: framesOf(this.received) };
    }
    return this.#frames.frames;
  }

  receivesDigits(digits: string, wait: Wait = {}): Promise<void> {
    const there = () => (this.digits.includes(digits) ? true : undefined);
    return this.#watch
      .until(`${this.#name} to receive ${digits}`, there, () => `'${this.digits}'`, wait)
      .then(() => undefined);
  }

  /** The first of so many successive frames, from now on, in which all these voices are heard. */
  hears(
    voices: Voice | readonly Voice[],
    { frames = 3, ...wait }: Wait & { readonly frames?: number } = {},
  ): Promise<Frame> {
    const all = [voices].flat();
    return this.#run(`${frames} frames of ${all.map(({ name }) => name).join(' and ')}`, frames, wait, ({ samples }) =>
      all.every((voice) => voice.heardIn(samples)),
    );
  }

  /** The first of so many successive frames, from now on, in which none of these voices is heard. Needs packets that arrive. */
  hearsNo(
    voices: Voice | readonly Voice[],
    { frames = 10, ...wait }: Wait & { readonly frames?: number } = {},
  ): Promise<Frame> {
    const all = [voices].flat();
    return this.#run(
      `${frames} frames without ${all.map(({ name }) => name).join(' and ')}`,
      frames,
      wait,
      ({ samples }) => all.every((voice) => !voice.heardIn(samples)),
    );
  }

  /** So many frames from now on, whatever is in them. */
  receives(frames: number, wait: Wait = {}): Promise<Frame> {
    return this.#run(`${frames} frames`, frames, wait, () => true);
  }

  /** Nothing came in for so many ms. */
  receivesNothingFor(ms: number, wait: Wait = {}): Promise<void> {
    const begun = performance.now();
    let look: NodeJS.Timeout | undefined;
    const quiet = () => {
      const left = Math.max(begun, this.received.at(-1)?.at ?? 0) + ms - performance.now();
      clearTimeout(look);
      if (left <= 0) return true;
      look = setTimeout(() => this.#watch.touch(), left + 1);
      return undefined;
    };
    return this.#watch
      .until(`${this.#name} to receive nothing for ${ms} ms`, quiet, () => this.#latest(), wait)
      .then(
        () => undefined,
        (error: unknown) => {
          clearTimeout(look);
          throw error;
        },
      );
  }

  close(reason: string): void {
    this.#watch.close(reason);
  }

  async #run(what: string, frames: number, wait: Wait, fits: (frame: Frame) => boolean): Promise<Frame> {
    const cutter = new FrameCutter();
    let run: Frame[] = [];
    let seen = 0;
    const cut = (packet: ReceivedPacket) => {
      for (const frame of cutter.cut(packet)) {
        seen++;
        if (run.length >= frames) return;
        run = fits(frame) ? [...run, frame] : [];
      }
    };
    this.#cutters.add(cut);
    try {
      const enough = () => (run.length >= frames ? run[0] : undefined);
      return await this.#watch.until(
        `${this.#name} to hear ${what}`,
        enough,
        () => `${seen} frames came, ${this.#latest()}`,
        wait,
      );
    } finally {
      this.#cutters.delete(cut);
    }
  }

  #latest(): string {
    const last = this.received.at(-1);
    if (last === undefined) return 'never a packet';
    return `the last packet ${(performance.now() - last.at).toFixed(0)} ms ago from ${streamOf(last)}`;
  }
}
