/** What is to be written; in a store of texts `undefined` takes a key away. */
export type Writes<V = string | undefined> = ReadonlyMap<string, V>;

interface WriteBehindOptions<V> {
  readonly write: (writes: Writes<V>) => Promise<void>;
  /** Told when writing begins to fail, when it fails for another reason, and when it works again. */
  readonly failing?: (error: Error | undefined) => void;
  /** How long a failed write waits for the next attempt, ms. */
  readonly retryMs: number;
}

/**
 * Writes of many keys, gathered into batches: one is under way at a time, and what comes meanwhile is the next. Of a key that was
 * written twice only the last counts. What could not be written is tried again.
 */
export class WriteBehind<V = string | undefined> {
  readonly #options: WriteBehindOptions<V>;
  #next = new Map<string, V>();
  /** The batch that is under way, or was last. */
  #underWay = Promise.resolve();
  /** The batch that begins when that one is over. */
  #coming: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #failure: string | undefined;

  constructor(options: WriteBehindOptions<V>) {
    this.#options = options;
  }

  put(key: string, value: V): void {
    this.#next.set(key, value);
    this.#begin();
  }

  /** Writes at once what waits for another attempt. */
  hurry(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#begin();
  }

  /** Resolves when all that was put so far is written, or waits for another attempt: what is put later is not waited for. */
  async flushed(): Promise<void> {
    await (this.#coming ?? this.#underWay);
  }

  /** One more attempt for what is left; resolves when it is over. Nothing is written after that. */
  async close(): Promise<void> {
    await this.flushed();
    this.hurry();
    await this.flushed();
    clearTimeout(this.#retry);
  }

  #begin(): void {
    if (this.#next.size === 0 || this.#retry !== undefined) return;
    // It begins a moment later at the earliest: whoever writes many keys in one go has them in one batch.
    this.#coming ??= this.#underWay.then(() => this.#write());
  }

  /** Never rejects. */
  async #write(): Promise<void> {
    this.#underWay = this.#coming ?? this.#underWay;
    this.#coming = undefined;
    // The batch before has failed: this one goes with it.
    if (this.#retry !== undefined) return;
    const writes = this.#next;
    this.#next = new Map();
    try {
      await this.#options.write(writes);
      this.#report(undefined);
    } catch (error) {
      this.#next = new Map([...writes, ...this.#next]);
      this.#retry = setTimeout(() => this.hurry(), this.#options.retryMs).unref();
      this.#report(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #report(error: Error | undefined): void {
    if (error?.message === this.#failure) return;
    this.#failure = error?.message;
    this.#options.failing?.(error);
  }
}
