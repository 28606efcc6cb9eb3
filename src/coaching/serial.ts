/**
 * Runs tasks one after the other, in the order they were asked for. A task that fails does not hold up the next.
 * One per call: two operations never change the media of a call at the same time.
 */
export class Serial {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task, task);
    this.#last = result.then(ignoreOutcome, ignoreOutcome);
    return result;
  }

  /** Resolves when everything asked for so far is over. */
  async idle(): Promise<void> {
    await this.#last;
  }
}

/** The outcome belongs to whoever asked for the task; the queue only needs to know that it is over. */
function ignoreOutcome(): void {
  return undefined;
}

/**
 * Like `Promise.all`, but waits until every task is over before it rejects with the first failure: nothing goes on
 * behind the back of whoever cleans up.
 */
export async function all<T extends readonly unknown[]>(
  tasks: readonly [...T],
): Promise<{ -readonly [P in keyof T]: Awaited<T[P]> }> {
  await Promise.allSettled(tasks);
  return Promise.all(tasks);
}
