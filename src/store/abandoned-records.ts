import type { Json } from '../coaching/ports.ts';

type Adopt = (key: string, record: Json) => void;

/** The records that nobody looks after any more, until somebody does. */
export class AbandonedRecords {
  readonly #waiting = new Map<string, Json>();
  #adopt: Adopt | undefined;

  found(key: string, record: Json): void {
    if (this.#adopt === undefined) this.#waiting.set(key, record);
    else this.#adopt(key, record);
  }

  /** Whoever looks after them from now on. */
  given(adopt: Adopt): void {
    this.#adopt = adopt;
    for (const [key, record] of this.#waiting) adopt(key, record);
    this.#waiting.clear();
  }

  /** The record was written anew, or is not needed any more. */
  settled(key: string): void {
    this.#waiting.delete(key);
  }
}
