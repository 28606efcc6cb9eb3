/**
 * When packets of one source come: the earliest way through the network (the nominal arrival), and how much later than
 * that most of them are. Both look at the last 200 packets (4 s), so they follow a drifting clock and forget a stall.
 */
const PACKETS_PER_BUCKET = 50;
const BUCKETS = 4;

/** Waited for beyond what was seen, ms: the grain of this machine's timers. */
const GUARD_MS = 1;
const LEAST_MARGIN_MS = 2;
/** While the network is not known yet (the first bucket), ms. */
const FIRST_MARGIN_MS = 4;
const LARGEST_MARGIN_MS = 120;

/** Transit times, ms, on an arbitrary scale. Of the late ones the third: one stall of the sender makes only a few. */
interface Bucket {
  earliest: number;
  readonly latest: [number, number, number];
}

export class ArrivalClock {
  #buckets: Bucket[] = [];
  #inBucket = 0;
  #base = 0;
  #margin = FIRST_MARGIN_MS;

  /** Transit of the nominal arrival, ms. */
  get base(): number {
    return this.#base;
  }

  /** How much later than its nominal arrival a packet may be and still be waited for, ms. */
  get margin(): number {
    return this.#margin;
  }

  /** @param transit arrival time less media time, ms */
  add(transit: number): void {
    let bucket = this.#buckets[0];
    if (!bucket || this.#inBucket === PACKETS_PER_BUCKET) {
      bucket = { earliest: transit, latest: [-Infinity, -Infinity, -Infinity] };
      this.#buckets.unshift(bucket);
      this.#buckets.length = Math.min(this.#buckets.length, BUCKETS);
      this.#inBucket = 0;
    }
    this.#inBucket++;
    if (transit < bucket.earliest) bucket.earliest = transit;
    const { latest } = bucket;
    if (transit > latest[0]) {
      latest[2] = latest[1];
      latest[1] = latest[0];
      latest[0] = transit;
    } else if (transit > latest[1]) {
      latest[2] = latest[1];
      latest[1] = transit;
    } else if (transit > latest[2]) latest[2] = transit;
    this.#measure();
  }

  reset(): void {
    this.#buckets = [];
    this.#margin = FIRST_MARGIN_MS;
  }

  #measure(): void {
    let base = Infinity;
    let late = -Infinity;
    for (const { earliest, latest } of this.#buckets) {
      if (earliest < base) base = earliest;
      if (latest[2] > late) late = latest[2];
    }
    this.#base = base;
    const least = this.#buckets.length === 1 ? FIRST_MARGIN_MS : LEAST_MARGIN_MS;
    this.#margin = Math.min(LARGEST_MARGIN_MS, Math.max(least, late - base + GUARD_MS));
  }
}
