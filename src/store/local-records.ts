import type { CallRecords, Json } from '../coaching/ports.ts';
import { AbandonedRecords } from './abandoned-records.ts';

/** The call records of one process at a time: whatever is found when it starts was left behind. */
export class LocalRecords implements CallRecords {
  readonly #abandoned = new AbandonedRecords();
  readonly #kept: (key: string, record: Json | undefined) => void;

  constructor(
    found: Iterable<readonly [string, Json]> = [],
    kept: (key: string, record: Json | undefined) => void = () => undefined,
  ) {
    for (const [key, record] of found) this.#abandoned.found(key, record);
    this.#kept = kept;
  }

  put(key: string, record: Json): void {
    this.#abandoned.settled(key);
    this.#kept(key, record);
  }

  remove(key: string): void {
    this.#abandoned.settled(key);
    this.#kept(key, undefined);
  }

  onAbandoned(adopt: (key: string, record: Json) => void): void {
    this.#abandoned.given(adopt);
  }
}
