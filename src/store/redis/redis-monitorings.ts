import { z } from 'zod';
import type { DeviceId } from '../../coaching/device.ts';
import {
  missedEffects,
  type MonitoringEffect,
  type MonitoringState,
  NOT_MONITORING,
} from '../../coaching/monitoring.ts';
import type { MonitoringStore, TakenStep } from '../../coaching/shared.ts';
import { parseStoredState } from '../stored-state.ts';
import type { RedisTable } from './redis-map.ts';
import type { Message, Origin } from './replica.ts';
import { TAKE } from './scripts.ts';

const answer = z.tuple([z.enum(['taken', 'overtaken', 'held']), z.coerce.number()]);

/** The subscriptions in Redis. A step is decided there, and told to everyone, its author included, by what is published. */
export class RedisMonitorings implements MonitoringStore {
  readonly #table: RedisTable;
  /** What must be in Redis before a step is. */
  readonly #before: () => Promise<void>;
  /** The versions of those that make no sense here: for everyone else they are none. */
  readonly #unreadable = new Map<DeviceId, number>();

  constructor(table: RedisTable, before: () => Promise<void>) {
    this.#table = table;
    this.#before = before;
  }

  follow(told: (step: TakenStep) => void): void {
    const states = new Map<DeviceId, MonitoringState>();
    this.#table.replica.follow('subscriptions', (supervisorDeviceId, text, origin) => {
      const before = states.get(supervisorDeviceId) ?? NOT_MONITORING;
      const { version, state } = parsed(text);
      if (text !== undefined && state.is === 'none') this.#unreadable.set(supervisorDeviceId, version);
      else this.#unreadable.delete(supervisorDeviceId);
      if (state.is === 'none') states.delete(supervisorDeviceId);
      else states.set(supervisorDeviceId, state);
      told({ supervisorDeviceId, version, state, by: origin.by, effects: effectsOf(origin, before, state) });
    });
  }

  async take(
    { supervisorDeviceId, state, effects }: Omit<TakenStep, 'version' | 'by'>,
    { from, exclusive }: { readonly from: number; readonly exclusive: boolean },
  ): Promise<'taken' | 'overtaken' | 'held'> {
    const { connection, keys, replica, self } = this.#table;
    await this.#before();
    const [target, json] = state.is === 'none' ? ['-', ''] : [state.monitoring.targetDeviceId, JSON.stringify(state)];
    const text = state.is === 'none' ? null : `${target} ${json}`;
    const message: Message = { by: self, table: 'subscriptions', changes: [[supervisorDeviceId, text]], effects };
    const version = from === 0 ? (this.#unreadable.get(supervisorDeviceId) ?? 0) : from;
    const exclusively = exclusive && state.is !== 'none' ? '1' : '';
    const words = [
      keys.changes,
      JSON.stringify(message),
      supervisorDeviceId,
      String(version),
      json,
      exclusively,
      target,
    ];
    const [outcome, seq] = answer.parse(await connection.run(TAKE, [keys.table('subscriptions'), keys.seq], words));
    if (outcome !== 'held') await replica.applied(seq);
    return outcome;
  }
}

/** "version target json" */
function parsed(text: string | undefined): { version: number; state: MonitoringState } {
  const [, version = '0', json = ''] = /^(\d+)(?: \S+ (.*))?/s.exec(text ?? '') ?? [];
  return { version: Number(version), state: parseStoredState(json) ?? NOT_MONITORING };
}

/** Siblings send what our own machine makes; what was not heard of is made up for. */
function effectsOf(origin: Origin, before: MonitoringState, now: MonitoringState): readonly MonitoringEffect[] {
  if (origin.by === undefined) return missedEffects(before, now);
  return Array.isArray(origin.effects) ? (origin.effects as MonitoringEffect[]) : [];
}
