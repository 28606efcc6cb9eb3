/**
 * One listener's place in what one source says: the adaptive jitter buffer.
 *
 *     asleep ──the source speaks──▶ reading ──frame there──▶ reading
 *                                      │  nothing newer either: hold (invent a frame, stay: the delay grows)
 *                                      │  newer ones are there: lost (invent a frame, go on)
 *                                      │  the one held for is there, and the one after it: late (go on with that)
 *                                      │  more delay than needed, for a while: skip a frame, crossfading
 *                                      └──held for 1 s──▶ asleep
 *
 * A lost packet on a quick network looks late at first, as the next one is not there yet. So the frames invented
 * while holding stand in for what never comes: when a newer one comes within them, it is read at once. A single one stands
 * in for a frame that was late as well: the delay would grow by 20 ms for half a second, and that much be skipped then.
 * Where packets are late more often the buffer waits longer, the next frame is not due yet, and nothing is passed over.
 */
import { CONCEALED_FRAMES, conceal, crossfadeFrom } from './concealment.ts';
import { FRAME_MS, FRAME_SAMPLES } from './frame.ts';
import type { ReceiveBuffer } from './receive-buffer.ts';

/** A tick may be this much early, ms. */
const TOLERANCE_MS = 1;
/** What is there is begun with although the margin has not quite passed, ms: the listener's phase will follow. */
const BEGIN_EARLY_MS = 3;
/** A whole frame more than needed, less the grain of timers, ms: one is skipped. */
const SKIP_ABOVE_MS = FRAME_MS - 0.5;
/** Skipped at once when it is quiet, else after so many frames with too much delay; sooner when there is much of it. */
const SKIP_AFTER_FRAMES = 25;
const SKIP_MUCH_AFTER_FRAMES = 5;
const MUCH_MS = 60;
/** -50 dBFS */
const QUIET_PEAK = 104;
const FORGET_AFTER_FRAMES = 50;
/** A source that is silent for longer is not begun with. */
const STALE_MS = 60;
/** With more delay than this there is no shrinking: the reader begins anew. */
const HOPELESS_MS = 400;

export class Reader {
  readonly #buffer: ReceiveBuffer;
  readonly #onConceal: () => void;
  #frame = new Int16Array(FRAME_SAMPLES);
  #spare = new Int16Array(FRAME_SAMPLES);
  readonly #last = new Int16Array(FRAME_SAMPLES);
  #place: number | undefined;
  /** Everything before was read or passed over. */
  #floor = -Infinity;
  /** Frames invented in a row, and those of them for which the place was not moved. */
  #invented = 0;
  #held = 0;
  #tooMuchFor = 0;

  /** @param onConceal called for each invented frame that is heard */
  constructor(buffer: ReceiveBuffer, onConceal: () => void = ignore) {
    this.#buffer = buffer;
    this.#onConceal = onConceal;
  }

  /** Where the next frame begins, or nothing while the source is silent. */
  get place(): number | undefined {
    return this.#place;
  }

  /** When the next frame can be read, ms; nothing while the source is silent. */
  get ready(): number | undefined {
    return this.#place === undefined ? undefined : this.#buffer.arrivalOf(this.#place) + this.#buffer.wait;
  }

  /**
   * The frame to be heard at `now` (ms); to be called once every 20 ms.
   * @returns nothing when there is silence; else valid until the next call
   */
  read(now: number): Int16Array | undefined {
    const buffer = this.#buffer;
    const place = this.#place ?? this.#begin(now);
    if (place === undefined) return undefined;
    const spare = now - buffer.arrivalOf(place) - buffer.wait;
    if (spare > HOPELESS_MS && this.#held === 0) {
      this.#place = undefined;
      const anew = this.#begin(now);
      if (anew !== undefined && buffer.copy(anew, this.#frame)) return this.#present(anew, 0);
    }
    const due = place + this.#held * FRAME_SAMPLES;
    if (this.#held === 1 && spare >= FRAME_MS - TOLERANCE_MS && buffer.copy(due, this.#frame)) {
      return this.#present(due, spare - FRAME_MS);
    }
    if (buffer.copy(place, this.#frame)) return this.#present(place, spare);
    const next = buffer.firstFrom(place);
    if (next === undefined || spare < -TOLERANCE_MS) return this.#hold();
    if (next <= due && buffer.copy(next, this.#frame)) return this.#present(next, 0);
    this.#place = place + FRAME_SAMPLES;
    return this.#invent();
  }

  /** The newest place whose frame has been waited for long enough. */
  #begin(now: number): number | undefined {
    const buffer = this.#buffer;
    const newest = buffer.newest;
    if (newest === undefined) return undefined;
    const spare = now - buffer.arrivalOf(newest) - buffer.wait;
    if (spare > STALE_MS) return undefined;
    const place = newest + Math.floor((spare + BEGIN_EARLY_MS) / FRAME_MS) * FRAME_SAMPLES;
    if (place < this.#floor || !buffer.copy(place, this.#frame)) return undefined;
    this.#place = place;
    return place;
  }

  #present(place: number, spare: number): Int16Array {
    this.#place = place + FRAME_SAMPLES;
    if (this.#invented > 0) {
      conceal(this.#last, this.#invented, this.#spare);
      crossfadeFrom(this.#spare, this.#frame);
    }
    this.#invented = 0;
    this.#held = 0;
    if (spare >= SKIP_ABOVE_MS) this.#skipWhenTime(spare);
    else this.#tooMuchFor = 0;
    this.#floor = this.#place;
    this.#last.set(this.#frame);
    return this.#frame;
  }

  #skipWhenTime(spare: number): void {
    const place = this.#place;
    if (place === undefined || !this.#buffer.copy(place, this.#spare)) return;
    this.#tooMuchFor++;
    const after = spare >= MUCH_MS ? SKIP_MUCH_AFTER_FRAMES : SKIP_AFTER_FRAMES;
    if (this.#tooMuchFor < after && !isQuiet(this.#frame)) return;
    crossfadeFrom(this.#frame, this.#spare);
    [this.#frame, this.#spare] = [this.#spare, this.#frame];
    this.#place = place + FRAME_SAMPLES;
    this.#tooMuchFor = 0;
  }

  #hold(): Int16Array | undefined {
    this.#held++;
    if (this.#held < FORGET_AFTER_FRAMES) return this.#invent();
    this.#place = undefined;
    this.#held = 0;
    this.#invented = CONCEALED_FRAMES;
    return undefined;
  }

  #invent(): Int16Array | undefined {
    const audible = conceal(this.#last, this.#invented, this.#frame);
    if (audible) this.#onConceal();
    this.#invented++;
    return audible ? this.#frame : undefined;
  }
}

function isQuiet(frame: Int16Array): boolean {
  for (const sample of frame) if (sample > QUIET_PEAK || sample < -QUIET_PEAK) return false;
  return true;
}

function ignore(): void {
  // Nobody counts.
}
