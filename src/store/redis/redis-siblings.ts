import { z } from 'zod';
import type { InstanceId } from '../../coaching/instance.ts';
import type { SiblingListener, Siblings } from '../../coaching/shared.ts';
import type { Logger } from '../../log.ts';
import type { RedisConnection } from './connection.ts';
import type { Keys } from './keys.ts';
import { BEAT, CLAIM, INHERIT, LEAVE } from './scripts.ts';
import { LEFT, lookFor, parseWhereabouts, type Whereabouts, whereaboutsOf } from './sibling-probe.ts';
import { pairs } from './snapshot.ts';
import { type Patience, Suspicions } from './suspicion.ts';

export interface SiblingTiming extends Patience {
  /** How often an instance says that it is there, and how long that is good for, ms. */
  readonly beatMs: number;
  readonly aliveMs: number;
  /** How long an instance has to answer when it is asked whether it lives, ms. */
  readonly answerMs: number;
}

export const TIMING: SiblingTiming = { beatMs: 1000, aliveMs: 5000, answerMs: 2000, tries: 3, patienceMs: 10_000 };

/** How long an heir has before another may try, ms. */
const HEIR_MS = 30_000;

const beat = z.object({
  forgotten: z.boolean(),
  seq: z.number(),
  epoch: z.string(),
  instances: z.array(z.object({ id: z.string(), where: z.string(), beats: z.boolean() })),
});

interface Estate {
  /** Others took this instance for gone while it could not say otherwise. */
  readonly forgotten: () => void;
  /** The records of one that is gone. */
  readonly inherited: (records: ReadonlyMap<string, string>) => void;
  /** Looks for records that were taken over, but never arrived. */
  readonly recover: () => Promise<void>;
  /** A heartbeat begins; what is returned is told what the server remembers then. */
  readonly beginning: () => (server: { readonly epoch: string; readonly seq: number }) => void;
}

/**
 * Which Earpieces are there. Each says so every second, and where it can be asked. One whose heartbeat is missing is asked:
 *
 *     heartbeat missing ─► it answers: it lives, others are told so on its behalf, and that is good for as long as a heartbeat
 *                       ─► nobody is there, or another: one of those that are left settles what it has left behind
 *                       ─► nothing: asked again, and settled when that goes on for too long
 */
export class RedisSiblings implements Siblings {
  readonly self: InstanceId = crypto.randomUUID();
  readonly #connection: RedisConnection;
  readonly #keys: Keys;
  readonly #log: Logger;
  readonly #estate: Estate;
  readonly #timing: SiblingTiming;
  readonly #suspicions: Suspicions;
  readonly #examined = new Set<InstanceId>();
  /** Where the others were when they were heard of last. */
  readonly #whereabouts = new Map<InstanceId, string>();
  /** Those that were settled here, and may turn out to live. */
  readonly #settled = new Set<InstanceId>();
  readonly #listeners: SiblingListener[] = [];
  #where: Whereabouts = {};
  #timer: NodeJS.Timeout | undefined;
  #beats = 0;

  constructor(connection: RedisConnection, keys: Keys, log: Logger, estate: Estate, timing: SiblingTiming) {
    this.#connection = connection;
    this.#keys = keys;
    this.#log = log;
    this.#estate = estate;
    this.#timing = timing;
    this.#suspicions = new Suspicions(timing);
  }

  follow(listener: SiblingListener): void {
    this.#listeners.push(listener);
  }

  /** The others are told where this instance can be asked whether it lives. */
  reachableAt(url: string): void {
    this.#where = whereaboutsOf(url);
    if (this.#timer !== undefined) this.#beatOnce();
  }

  /** There is a connection, and everything is known that is stored. `known` are the instances of which something is stored. */
  async arrived(known: readonly InstanceId[]): Promise<void> {
    // Whoever is spoken of but not enrolled was forgotten, half-way or with all the rest: it is found missing with the next beat.
    for (const id of known) {
      // Whether this one is enrolled tells whether it was settled.
      if (id === this.self) continue;
      await this.#connection.command('HSETNX', this.#keys.instances, id, this.#whereabouts.get(id) ?? '{}');
    }
    await this.#beat();
    await this.#estate.recover();
    this.#timer ??= setInterval(() => this.#beatOnce(), this.#timing.beatMs).unref();
    for (const listener of this.#listeners) listener.reunited();
  }

  /** Goes in order. */
  async leave(): Promise<void> {
    clearInterval(this.#timer);
    const { instances } = this.#keys;
    const keys = [instances, this.#keys.alive(this.self), this.#keys.records(this.self)];
    await this.#connection.run(LEAVE, keys, [this.self, JSON.stringify(LEFT)]);
  }

  #beatOnce(): void {
    if (!this.#connection.ready) return;
    this.#beat().catch((error: unknown) => this.#connection.refuses('heartbeat', error));
  }

  async #beat(): Promise<void> {
    const { instances, alivePrefix, seq, epoch } = this.#keys;
    const told = this.#estate.beginning();
    const words = [this.self, String(this.#timing.aliveMs), alivePrefix, JSON.stringify(this.#where)];
    const answer = await this.#connection.run(BEAT, [instances, this.#keys.alive(this.self), seq, epoch], words);
    this.#connection.refuses('heartbeat', undefined);
    const found = beat.parse(JSON.parse(String(answer)));
    if (found.forgotten && this.#beats > 0) {
      this.#log.warn({}, 'others took this instance for gone');
      this.#estate.forgotten();
    }
    this.#beats++;
    told(found);
    for (const { id, where, beats } of found.instances) {
      this.#whereabouts.set(id, where);
      if (beats) this.#lives(id);
      else void this.#examine(id, where).catch(logged(this.#log, 'what an instance left behind is not settled'));
    }
  }

  #lives(id: InstanceId): void {
    this.#suspicions.clear(id);
    if (!this.#settled.delete(id)) return;
    this.#log.warn({ instanceId: id }, 'instance is back');
    for (const listener of this.#listeners) listener.returned?.(id);
  }

  async #examine(id: InstanceId, where: string): Promise<void> {
    if (this.#listeners.length === 0 || this.#examined.has(id)) return;
    this.#examined.add(id);
    try {
      const sign = await lookFor(id, parseWhereabouts(where), this.#timing.answerMs);
      switch (this.#suspicions.judge(id, sign, performance.now())) {
        case 'alive':
          this.#log.warn({ instanceId: id }, 'instance lives, but does not reach redis');
          await this.#connection.command('SET', this.#keys.alive(id), this.self, 'PX', String(this.#timing.aliveMs));
          break;
        case 'gone':
          await this.#settle(id);
          break;
        case 'unknown':
          this.#log.warn({ instanceId: id }, 'instance says nothing');
      }
    } finally {
      this.#examined.delete(id);
    }
  }

  async #settle(id: InstanceId): Promise<void> {
    const { instances } = this.#keys;
    const [alive, heir] = [this.#keys.alive(id), this.#keys.heir(id)];
    const claimed = await this.#connection.run(CLAIM, [instances, alive, heir], [id, this.self, String(HEIR_MS)]);
    if (claimed !== 1) return;
    this.#log.warn({ instanceId: id }, 'instance is gone');
    this.#suspicions.clear(id);
    this.#settled.add(id);
    for (const listener of this.#listeners) await listener.lost(id);
    const keys = [this.#keys.records(id), this.#keys.records(this.self), instances, alive, heir];
    try {
      this.#estate.inherited(pairs(await this.#connection.run(INHERIT, keys, [id])));
    } catch (error) {
      // It may have been done nevertheless. Where this fails, too, the next connection finds them.
      await this.#estate.recover();
      throw error;
    }
  }
}

const logged = (log: Logger, message: string) => (error: unknown) => log.warn({ err: error }, message);
