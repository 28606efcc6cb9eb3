const SECOND_MS = 1000;
const FIVE_MINUTES = 300;

/**
 * How many sessions begin in a second, as FreeSWITCH counts: by seconds of its own clock, each with an allowance of its own.
 * What is left of the present one is the `Session-Per-Sec` of HEARTBEAT (measured on FreeSWITCH 1.10.12).
 */
export class SessionRate {
  readonly #now: () => number;
  #limit: number;
  #second: number;
  /** What the present second began with: a new limit comes with the next. */
  #share: number;
  #left: number;
  #last = 0;
  #peak = 0;
  #recent: { peak: number; since: number };

  /**
   * @param limit sessions that may begin in one second
   * @param now the clock, ms
   */
  constructor(limit: number, now: () => number = Date.now) {
    this.#now = now;
    this.#limit = limit;
    this.#share = this.#left = limit;
    this.#second = Math.floor(now() / SECOND_MS);
    this.#recent = { peak: 0, since: this.#second };
  }

  get limit(): number {
    return this.#limit;
  }

  /** Holds from the next second on. */
  set limit(limit: number) {
    this.#turn();
    this.#limit = limit;
  }

  /** @returns false when this second has had its share; the last one of it is never given (`sps <= 0` after counting down) */
  take(): boolean {
    this.#turn();
    this.#left = Math.max(0, this.#left - 1);
    return this.#left > 0;
  }

  /** Of the present second. */
  get left(): number {
    this.#turn();
    return this.#left;
  }

  /** Sessions begun in the second before this one. */
  get last(): number {
    this.#turn();
    return this.#last;
  }

  get peak(): number {
    this.#turn();
    return this.#peak;
  }

  get recentPeak(): number {
    this.#turn();
    return this.#recent.peak;
  }

  resetPeak(): void {
    this.#turn();
    this.#peak = 0;
  }

  #turn(): void {
    const second = Math.floor(this.#now() / SECOND_MS);
    if (second === this.#second) return;
    const begun = this.#share - this.#left;
    this.#last = second === this.#second + 1 ? begun : 0;
    this.#peak = Math.max(this.#peak, begun);
    const recent = second - this.#recent.since >= FIVE_MINUTES ? { peak: 0, since: second } : this.#recent;
    this.#recent = { ...recent, peak: Math.max(recent.peak, begun) };
    this.#second = second;
    this.#share = this.#left = this.#limit;
  }
}
