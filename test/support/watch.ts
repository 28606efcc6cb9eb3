/** Time after which a test has waited long enough, ms. Generous: it only decides how long a failure takes. */
export const patience = 15_000;

export interface Wait {
  /** ms */
  readonly within?: number;
}

interface Waiter {
  readonly look: () => void;
  readonly fail: (error: Error) => void;
}

/** Waiting for something to become true: conditions are looked at whenever something happened, never by polling. */
export class Watch {
  readonly #waiters = new Set<Waiter>();
  #closed: string | undefined;

  /**
   * Resolves with the first value of `condition` that is not undefined.
   * @throws Error that says what was waited for, and what there is instead, when it did not come in time or never can.
   */
  until<T>(
    what: string,
    condition: () => T | undefined,
    instead: () => string,
    { within = patience }: Wait = {},
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
      };
      const waiter: Waiter = {
        look: () => {
          const value = condition();
          if (value === undefined) return;
          settle();
          resolve(value);
        },
        fail: (error) => {
          settle();
          reject(error);
        },
      };
      const timer = setTimeout(() => {
        waiter.fail(new Error(`waited ${within} ms for ${what}; instead: ${instead()}`));
      }, within);
      this.#waiters.add(waiter);
      waiter.look();
      if (this.#closed !== undefined && this.#waiters.has(waiter))
        waiter.fail(new Error(`${this.#closed} while waiting for ${what}`));
    });
  }

  /** Something happened: look again. */
  touch(): void {
    for (const { look } of [...this.#waiters]) look();
  }

  /** Nothing will happen any more: whoever still waits fails. */
  close(reason: string): void {
    this.#closed = reason;
    for (const { fail } of [...this.#waiters]) fail(new Error(`${reason} while a test still waited`));
  }
}
