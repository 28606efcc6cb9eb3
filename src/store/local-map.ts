import type { SharedMap } from '../coaching/shared.ts';

type Follower<V> = (key: string, value: V | undefined) => void;

/** A map of one process: everyone who shares it is here. `kept` is told of every change, to write it somewhere. */
export class LocalMap<V> implements SharedMap<V> {
  readonly #values: Map<string, V>;
  readonly #kept: Follower<V>;
  readonly #followers: Follower<V>[] = [];

  constructor(values: Iterable<readonly [string, V]> = [], kept: Follower<V> = () => undefined) {
    this.#values = new Map(values);
    this.#kept = kept;
  }

  put(key: string, value: V): void {
    this.#values.set(key, value);
    this.#kept(key, value);
    this.#tell(key, value);
  }

  remove(key: string): void {
    if (!this.#values.delete(key)) return;
    this.#kept(key, undefined);
    this.#tell(key, undefined);
  }

  follow(told: Follower<V>): void {
    this.#followers.push(told);
    for (const [key, value] of this.#values) told(key, value);
  }

  #tell(key: string, value: V | undefined): void {
    for (const told of this.#followers) told(key, value);
  }
}
