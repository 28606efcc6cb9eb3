/** What arrived at one place, in order; whoever asks waits for the next. */
export class Inbox<T> {
  readonly #waiting: ((item: T) => void)[] = [];
  readonly #items: T[] = [];

  put(item: T): void {
    const waiter = this.#waiting.shift();
    if (waiter === undefined) this.#items.push(item);
    else waiter(item);
  }

  next(): Promise<T> {
    const item = this.#items.shift();
    if (item !== undefined) return Promise.resolve(item);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** The first item that fits; those before it are dropped. */
  async nextWhere(fits: (item: T) => boolean): Promise<T> {
    for (;;) {
      const item = await this.next();
      if (fits(item)) return item;
    }
  }

  /** Arrived and not asked for. */
  get rest(): readonly T[] {
    return this.#items;
  }
}
