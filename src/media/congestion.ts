/** ms that a step of a set-up may take on a server that has nothing to fear: an endpoint needs 20, a join 20 to 45 (measured). */
const CALM_MS = 200;
/**
 * Steps under way at once: what a new connection begins with, and the bounds. The fewest are what a server at its ceiling of 40 rooms
 * a second, four steps each, does in CALM_MS. With 12, four supervisors who came and went on a machine that had much else to do were
 * told in one of 600 visits that there was no server (measured).
 */
const FIRST = 48;
const FEWEST = 32;
const MOST = 512;
/** What is left of the limit after a step that took too long. */
const DECREASE = 0.9;

/**
 * How much a server can be asked for at once, found out as TCP finds its window (RFC 5681): a little more after each step that
 * was quick, a tenth less after each that was slow. FreeSWITCH over its ceiling does not refuse, it becomes slow, and collapses:
 * 40 rooms a second are well on two cores, 60 end in time-outs (measured on 1.10.12). The ceiling is another on every machine.
 */
export class Congestion {
  #limit = FIRST;
  #underWay = 0;

  /** Whether nothing more should begin before something is done. */
  get congested(): boolean {
    return this.#underWay >= Math.floor(this.#limit);
  }

  get limit(): number {
    return this.#limit;
  }

  /** Counts a step from now until it has settled. */
  async count<T>(step: Promise<T>): Promise<T> {
    const begun = performance.now();
    this.#underWay++;
    try {
      return await step;
    } finally {
      this.taken(performance.now() - begun);
      this.#underWay--;
    }
  }

  /** A step took so many ms. The limit grows only where it is made use of. */
  taken(ms: number): void {
    if (ms > CALM_MS) this.#limit = Math.max(FEWEST, this.#limit * DECREASE);
    else if (this.#underWay > this.#limit / 2) this.#limit = Math.min(MOST, this.#limit + 1 / this.#limit);
  }
}
