import type { InstanceId } from '../../coaching/instance.ts';
import type { SharedMap } from '../../coaching/shared.ts';
import { parseJson } from '../stored-state.ts';
import { type Writes, WriteBehind } from '../write-behind.ts';
import type { RedisConnection } from './connection.ts';
import type { Keys, TableName } from './keys.ts';
import type { Replica } from './replica.ts';
import { WRITE } from './scripts.ts';

/** How long a write waits that failed, ms; a new connection writes at once. */
const RETRY_MS = 1000;

export interface RedisTable {
  readonly connection: RedisConnection;
  readonly keys: Keys;
  readonly replica: Replica;
  readonly self: InstanceId;
}

interface Change {
  /** What is stored; nothing, when it is taken away. */
  readonly text: string | undefined;
  readonly asOf: number | undefined;
}

/** A map in Redis, of which everyone has a copy. */
export class RedisMap<V> implements SharedMap<V> {
  readonly #table: RedisTable;
  readonly #name: Exclude<TableName, 'subscriptions'>;
  readonly #age: string;
  readonly #behind: WriteBehind<Change>;

  /** `age`: the field of a value that says of when it is, in milliseconds since the epoch. */
  constructor(table: RedisTable, name: Exclude<TableName, 'subscriptions'>, age = '') {
    this.#table = table;
    this.#name = name;
    this.#age = age;
    this.#behind = new WriteBehind({
      retryMs: RETRY_MS,
      write: (writes) => this.#write(writes),
      failing: (error) => table.connection.refuses(name, error),
    });
  }

  put(key: string, value: V, asOf?: number): void {
    this.#behind.put(key, { text: JSON.stringify(value), asOf });
  }

  remove(key: string, asOf?: number): void {
    this.#behind.put(key, { text: undefined, asOf });
  }

  follow(told: (key: string, value: V | undefined) => void): void {
    this.#table.replica.follow(this.#name, (key, text) => {
      const value = text === undefined ? undefined : (parseJson(text) as V | undefined);
      told(key, value);
    });
  }

  /** Resolves when what was written so far has been sent, or could not be. */
  flushed(): Promise<void> {
    return this.#behind.flushed();
  }

  /** Writes what could not be written while there was no connection. */
  hurry(): Promise<void> {
    this.#behind.hurry();
    return this.#behind.flushed();
  }

  close(): Promise<void> {
    return this.#behind.close();
  }

  async #write(writes: Writes<Change>): Promise<void> {
    const { connection, keys, self } = this.#table;
    const changes = [...writes].flatMap(([key, { text, asOf }]) => [key, text ?? '', String(asOf ?? '')]);
    const words = [keys.changes, self, this.#name, this.#age, ...changes];
    await connection.run(WRITE, [keys.table(this.#name), keys.seq], words);
  }
}
