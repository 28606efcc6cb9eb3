/**
 * When each listener's frame is made. Listeners have phases of their own, so the work is spread over the 20 ms. Due
 * times are exact and never accumulate the lateness of timers; what is late is caught up with, up to three frames.
 */
import { FRAME_MS } from './frame.ts';

export interface Ticking {
  /** Makes the frame due at `due` (ms); `skipped` frames before it were left out. @returns what to add to the next due time, -1..1 ms */
  tick(due: number, skipped: number): number;
}

const BUCKETS = 64;
/** A timer cannot be set to less than 1 ms: what is due in half of that is made now. */
const EARLY_MS = 0.5;
const LATE_MS = 5;
/** After standing still for longer, frames are left out, lest they come in a flood. */
const STALL_MS = 3 * FRAME_MS;

interface Entry {
  readonly ticking: Ticking;
  due: number;
  running: boolean;
  failed: boolean;
}

export class Wheel {
  readonly #buckets: Entry[][] = Array.from({ length: BUCKETS }, () => []);
  readonly #entries = new Map<Ticking, Entry>();
  readonly #onError: (error: unknown) => void;
  readonly #now: () => number;
  #batch: Entry[] = [];
  /** Buckets before this millisecond are empty. */
  #turned = 0;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Infinity;
  ticks = 0;
  lateTicks = 0;
  skippedTicks = 0;

  /**
   * @param onError hears what a tick throws; the others go on
   * @param now the clock, ms
   */
  constructor(onError: (error: unknown) => void, now: () => number = () => performance.now()) {
    this.#onError = onError;
    this.#now = now;
  }

  /** Ticks from `due` (ms, of performance.now) on, every 20 ms. */
  start(ticking: Ticking, due: number): void {
    if (this.#entries.has(ticking)) return;
    const now = this.#now();
    if (this.#entries.size === 0) this.#turned = Math.floor(now);
    const entry = { ticking, due: Math.max(due, now), running: true, failed: false };
    this.#entries.set(ticking, entry);
    this.#put(entry);
    this.#arm(entry.due, now);
  }

  stop(ticking: Ticking): void {
    const entry = this.#entries.get(ticking);
    if (!entry) return;
    entry.running = false;
    this.#entries.delete(ticking);
    if (this.#entries.size === 0) this.#disarm();
  }

  close(): void {
    this.#entries.clear();
    for (const bucket of this.#buckets) bucket.length = 0;
    this.#disarm();
  }

  #put(entry: Entry): void {
    // A due time beyond one turn waits in the last bucket and is put again from there.
    const at = Math.min(Math.max(Math.floor(entry.due), this.#turned), this.#turned + BUCKETS - 1);
    this.#buckets[at % BUCKETS]?.push(entry);
  }

  #turn(): void {
    this.#timer = undefined;
    this.#timerAt = Infinity;
    const now = this.#now();
    const last = Math.floor(now + EARLY_MS);
    // After a long stall every bucket is looked at once.
    const from = Math.max(this.#turned, last - BUCKETS + 1);
    for (let ms = from; ms <= last; ms++) {
      const bucket = this.#buckets[ms % BUCKETS];
      if (!bucket || bucket.length === 0) continue;
      const batch = bucket;
      this.#buckets[ms % BUCKETS] = this.#batch;
      this.#turned = ms;
      for (const entry of batch) this.#visit(entry, now);
      batch.length = 0;
      this.#batch = batch;
    }
    this.#turned = last;
    this.#armNext();
  }

  #visit(entry: Entry, now: number): void {
    if (!entry.running) return;
    if (entry.due > now + EARLY_MS) {
      this.#put(entry);
      return;
    }
    const late = now - entry.due;
    let skipped = 0;
    if (late > LATE_MS) this.lateTicks++;
    if (late > STALL_MS) {
      skipped = Math.floor(late / FRAME_MS);
      this.skippedTicks += skipped;
      entry.due += skipped * FRAME_MS;
    }
    this.ticks++;
    let step = 0;
    try {
      step = entry.ticking.tick(entry.due, skipped);
    } catch (error) {
      // Once is enough: it might fail fifty times a second.
      if (!entry.failed) this.#onError(error);
      entry.failed = true;
    }
    entry.due += FRAME_MS + step;
    this.#put(entry);
  }

  #armNext(): void {
    for (let ms = this.#turned; ms < this.#turned + BUCKETS; ms++) {
      const bucket = this.#buckets[ms % BUCKETS];
      if (!bucket || bucket.length === 0) continue;
      let soonest = Infinity;
      for (const entry of bucket) if (entry.due < soonest) soonest = entry.due;
      this.#arm(soonest, this.#now());
      return;
    }
  }

  #arm(due: number, now: number): void {
    if (due >= this.#timerAt) return;
    this.#disarm();
    this.#timerAt = due;
    this.#timer = setTimeout(() => this.#turn(), Math.max(1, Math.round(due - now)));
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timerAt = Infinity;
  }
}
