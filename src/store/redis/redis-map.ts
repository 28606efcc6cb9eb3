import type { InstanceId } from '../../coaching/instance.ts';
import type { SharedMap } from '../../coaching/shared.ts';
import { parseJson } from '../stored-state.ts';
import { type Writes, WriteBehind } from '../write-behind.ts';
import type { RedisConnection } from './connection.ts';
import type { Keys, TableName } from './keys.ts';
import type { Message, Replica } from './replica.ts';
import { WRITE } from './scripts.ts';

/** How long a write waits that failed, ms; a new connection writes at once. */
const RETRY_MS = 1000;

export interface RedisTable {
  readonly connection: RedisConnection;
  readonly keys: Keys;
  readonly replica: Replica;
  readonly self: InstanceId;
}

/** A map in Redis, of which everyone has a copy. */
export class RedisMap<V> implements SharedMap<V> {
  readonly #table: RedisTable;
  readonly #name: Exclude<TableName, 'subscriptions'>;
  readonly #behind: WriteBehind;

  constructor(table: RedisTable, name: Exclude<TableName, 'subscriptions'>) {
    this.#table = table;
    this.#name = name;
    this.#behind = new WriteBehind({ retryMs: RETRY_MS, write: (writes) => this.#write(writes) });
  }

  put(key: string, value: V): void {
    this.#behind.put(key, JSON.stringify(value));
  }

  remove(key: string): void {
    this.#behind.put(key, undefined);
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

  async #write(writes: Writes): Promise<void> {
    const { connection, keys, self } = this.#table;
    const message: Message = {
      by: self,
      table: this.#name,
      changes: [...writes].map(([key, text]) => [key, text ?? null]),
    };
    const pairs = [...writes].flatMap(([key, text]) => [key, text ?? '']);
    await connection.run(WRITE, [keys.table(this.#name), keys.seq], [keys.changes, JSON.stringify(message), ...pairs]);
  }
}
