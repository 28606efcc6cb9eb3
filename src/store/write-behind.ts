/** What is to be written: `undefined` takes a key away. */
export type Writes = ReadonlyMap<string, string | undefined>;

interface WriteBehindOptions {
  readonly write: (writes: Writes) => Promise<void>;
  /** Told when writing begins to fail, and when it works again. */
  readonly failing?: (error: Error | undefined) => void;
  /** How long a failed write waits for the next attempt, ms. */
  readonly retryMs: number;
}

/**
 * Writes of many keys, gathered into batches: one is under way at a time, and what comes meanwhile is the next. Of a key that was
 * written twice only the last counts. What could not be written is tried again.
 */
export class WriteBehind {
  readonly #options: WriteBehindOptions;
  #next = new Map<string, string | undefined>();
  #writing: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #failing = false;

  constructor(options: WriteBehindOptions) {
    this.#options = options;
  }

  put(key: string, value: string | undefined): void {
    this.#next.set(key, value);
    this.#begin();
  }

  /** Writes at once what waits for another attempt. */
  hurry(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#begin();
  }

  /** Resolves when all that was put so far is written, or waits for another attempt. */
  async flushed(): Promise<void> {
    await this.#writing;
  }

  /** One more attempt for what is left; resolves when it is over. Nothing is written after that. */
  async close(): Promise<void> {
    await this.#writing;
    this.hurry();
    await this.#writing;
    clearTimeout(this.#retry);
  }

  #begin(): void {
    if (this.#next.size === 0) return;
    this.#writing ??= this.#write();
  }

  async #write(): Promise<void> {
    // Whoever writes many keys in one go has them in one batch.
    await Promise.resolve();
    while (this.#next.size > 0 && this.#retry === undefined) {
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
    this.#writing = undefined;
  }

  #report(error: Error | undefined): void {
    const failing = error !== undefined;
    if (failing === this.#failing) return;
    this.#failing = failing;
    this.#options.failing?.(error);
  }
}
