/** ms that a step of a set-up may take on a server that has nothing to fear: an endpoint needs 20, a join 20 to 45 (measured). */
const CALM_MS = 200;
/**
 * Steps under way at once: what a new connection begins with, and the bounds. A room takes six, an endpoint and a join for each of
 * its three: with fewer than two rooms' worth, two supervisors at a time would be told on a slow machine that there is no server.
 */
const FIRST = 16;
const FEWEST = 12;
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
