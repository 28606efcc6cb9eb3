/**
 * The way into a conference and out of it, not both at the same time: a conference ends with its last member, and hangs up whoever
 * enters at that moment (FreeSWITCH 1.10.12, at the end of conference_thread_run): once in 600 visits, when a supervisor was
 * taken out before the parties' endpoints had come in.
 */
export class Doorway {
  readonly #entering = new Set<Promise<unknown>>();
  readonly #leaving = new Set<Promise<unknown>>();

  /** Runs `work` when nobody is leaving. */
  async enter<T>(work: () => Promise<T>): Promise<T> {
    while (this.#leaving.size > 0) await Promise.allSettled(this.#leaving);
    return during(this.#entering, work);
  }

  /** Runs `work` when nobody is entering; whoever wants to enter waits until it is over. */
  async leave<T>(work: () => Promise<T>): Promise<T> {
    while (this.#entering.size > 0) await Promise.allSettled(this.#entering);
    return during(this.#leaving, work);
  }
}

function during<T>(under: Set<Promise<unknown>>, work: () => Promise<T>): Promise<T> {
  const running = work().finally(() => under.delete(running));
  under.add(running);
  return running;
}
