import { z } from 'zod';
import type { InstanceId } from '../../coaching/instance.ts';
import type { SiblingListener, Siblings } from '../../coaching/shared.ts';
import type { Logger } from '../../log.ts';
import type { RedisConnection } from './connection.ts';
import type { Keys } from './keys.ts';
import { BEAT, INHERIT, LEAVE } from './scripts.ts';
import { pairs } from './snapshot.ts';

/** How often an instance says that it is there, and how long that is good for, ms. */
const [BEAT_MS, ALIVE_MS] = [1000, 5000];
/** How long an heir has before another may try, ms. */
const HEIR_MS = 30_000;

const beat = z.tuple([z.string()]).rest(z.string());

interface Estate {
  /** Others took this instance for gone while it could not say otherwise. */
  readonly forgotten: () => void;
  /** The records of one that is gone. */
  readonly inherited: (records: ReadonlyMap<string, string>) => void;
}

/** Which Earpieces are there: each says so every second, and whoever finds one missing settles what it has left behind, alone. */
export class RedisSiblings implements Siblings {
  readonly self: InstanceId = crypto.randomUUID();
  readonly #connection: RedisConnection;
  readonly #keys: Keys;
  readonly #log: Logger;
  readonly #estate: Estate;
  readonly #settling = new Set<InstanceId>();
  readonly #listeners: SiblingListener[] = [];
  #timer: NodeJS.Timeout | undefined;
  #beats = 0;

  constructor(connection: RedisConnection, keys: Keys, log: Logger, estate: Estate) {
    this.#connection = connection;
    this.#keys = keys;
    this.#log = log;
    this.#estate = estate;
  }

  follow(listener: SiblingListener): void {
    this.#listeners.push(listener);
  }

  /** There is a connection, and everything is known that is stored. `known` are the instances of which something is stored. */
  async arrived(known: readonly InstanceId[]): Promise<void> {
    // Whoever is spoken of but not enrolled was forgotten half-way: it is found missing with the next beat.
    for (const id of known) await this.#connection.command('HSETNX', this.#keys.instances, id, '1');
    await this.#beat();
    this.#timer ??= setInterval(() => void this.#beat().catch(logged(this.#log, 'heartbeat failed')), BEAT_MS).unref();
    for (const listener of this.#listeners) listener.reunited();
  }

  /** Goes in order. */
  async leave(): Promise<void> {
    clearInterval(this.#timer);
    const { instances } = this.#keys;
    const keys = [instances, this.#keys.alive(this.self), this.#keys.records(this.self)];
    await this.#connection.run(LEAVE, keys, [this.self]);
  }

  async #beat(): Promise<void> {
    const { instances } = this.#keys;
    const words = [this.self, String(ALIVE_MS), this.#keys.alivePrefix];
    const found = await this.#connection.run(BEAT, [instances, this.#keys.alive(this.self)], words);
    const [forgotten, ...gone] = beat.parse(found);
    if (forgotten === '1' && this.#beats > 0) this.#estate.forgotten();
    this.#beats++;
    for (const id of gone)
      void this.#settle(id).catch(logged(this.#log, 'what an instance left behind is not settled'));
  }

  async #settle(id: InstanceId): Promise<void> {
    if (this.#listeners.length === 0 || this.#settling.has(id)) return;
    this.#settling.add(id);
    try {
      const heir = await this.#connection.command('SET', this.#keys.heir(id), this.self, 'NX', 'PX', String(HEIR_MS));
      if (heir !== 'OK') return;
      this.#log.warn({ instanceId: id }, 'instance is gone');
      for (const listener of this.#listeners) await listener.lost(id);
      const keys = [this.#keys.records(id), this.#keys.records(this.self), this.#keys.instances];
      this.#estate.inherited(pairs(await this.#connection.run(INHERIT, keys, [id])));
    } finally {
      this.#settling.delete(id);
    }
  }
}

const logged = (log: Logger, message: string) => (error: unknown) => log.warn({ err: error }, message);
