import { z } from 'zod';
import type { InstanceId } from '../../coaching/instance.ts';
import type { CallRecords, Json } from '../../coaching/ports.ts';
import { AbandonedRecords } from '../abandoned-records.ts';
import { parseJson } from '../stored-state.ts';
import { type Writes, WriteBehind } from '../write-behind.ts';
import type { RedisConnection } from './connection.ts';
import type { Keys } from './keys.ts';

const RETRY_MS = 1000;

const hash = z.record(z.string(), z.string());

/** The call records of this instance in Redis; only an heir ever reads them. */
export class RedisRecords implements CallRecords {
  readonly #connection: RedisConnection;
  readonly #key: string;
  readonly #own = new Map<string, string>();
  /** Those that are not needed any more, and may still be in Redis. */
  readonly #ended = new Set<string>();
  readonly #abandoned = new AbandonedRecords();
  readonly #behind: WriteBehind;

  constructor(connection: RedisConnection, keys: Keys, self: InstanceId) {
    this.#connection = connection;
    this.#key = keys.records(self);
    this.#behind = new WriteBehind({
      retryMs: RETRY_MS,
      write: (writes) => this.#write(writes),
      failing: (error) => connection.refuses('records', error),
    });
  }

  put(key: string, record: Json): void {
    const text = JSON.stringify(record);
    this.#abandoned.settled(key);
    this.#own.set(key, text);
    this.#behind.put(key, text);
  }

  remove(key: string): void {
    this.#abandoned.settled(key);
    this.#own.delete(key);
    this.#ended.add(key);
    this.#behind.put(key, undefined);
  }

  onAbandoned(adopt: (key: string, record: Json) => void): void {
    this.#abandoned.given(adopt);
  }

  /** Records of an instance that is gone are ours now, in Redis already. */
  inherited(records: ReadonlyMap<string, string>): void {
    for (const [key, text] of records) {
      const record = parseJson(text) as Json | undefined;
      if (record === undefined) continue;
      this.#own.set(key, text);
      this.#abandoned.found(key, record);
    }
  }

  /**
   * Finds the records that are ours in Redis and that nobody has told us of: the answer that had them was lost with a connection. Rejects with
   * `unavailable` or `timeout`.
   */
  async recover(): Promise<void> {
    // What ends until the answer is here was known when it was asked for.
    const known = new Set([...this.#own.keys(), ...this.#ended]);
    const found = hash.parse(await this.#connection.command('HGETALL', this.#key));
    this.inherited(new Map(Object.entries(found).filter(([key]) => !known.has(key) && !this.#own.has(key))));
  }

  /** Others took us for gone, or the server has lost its memory: everything is written again. */
  reassert(): void {
    for (const [key, text] of this.#own) this.#behind.put(key, text);
  }

  /** The server remembers an earlier time: what it has of ours is what we have, and no more. Rejects with `unavailable` or `timeout`. */
  async replace(): Promise<void> {
    await this.#connection.command('DEL', this.#key);
    this.reassert();
  }

  hurry(): void {
    this.#behind.hurry();
  }

  close(): Promise<void> {
    return this.#behind.close();
  }

  async #write(writes: Writes): Promise<void> {
    const put = [...writes].flatMap(([key, text]) => (text === undefined ? [] : [key, text]));
    const removed = [...writes].flatMap(([key, text]) => (text === undefined ? [key] : []));
    await Promise.all([
      put.length > 0 && this.#connection.command('HSET', this.#key, ...put),
      removed.length > 0 && this.#connection.command('HDEL', this.#key, ...removed),
    ]);
    for (const key of removed) this.#ended.delete(key);
  }
}
