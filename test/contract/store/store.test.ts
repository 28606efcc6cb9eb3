import { describe, expect, it } from 'vitest';
import type { Json } from '../../../src/coaching/ports.ts';
import type { TakenStep } from '../../../src/coaching/shared.ts';
import type { Store } from '../../../src/store/store.ts';
import { redisInstalled } from '../../support/redis-server.ts';
import { filePlace, memoryPlace, type Place, redisPlace } from './kinds.ts';
import { armed, armedStep, busyStep, cancelledStep, follow, kept } from './steps.ts';

const kinds: [string, () => Promise<Place>][] = [
  ['memory', memoryPlace],
  ['file', filePlace],
];
if (redisInstalled) kinds.push(['redis', redisPlace]);

/** What is true of a store for whoever has it, whatever it is made of. */
describe.each(kinds)('a store: %s', (_kind, place) => {
  it('takes a step from where the subscription is, and from nowhere else', async () => {
    await using here = await place();
    const store = await here.open();
    const steps = follow(store);
    await expect(store.monitorings.take(armedStep('s', 'a'), { from: 0, exclusive: true })).resolves.toBe('taken');
    const [{ version } = { version: -1 }] = steps;
    expect(steps).toEqual([{ ...armedStep('s', 'a'), version, by: store.siblings.self }]);
    await expect(store.monitorings.take(cancelledStep('s'), { from: 0, exclusive: false })).resolves.toBe('overtaken');
    await expect(store.monitorings.take(cancelledStep('s'), { from: version, exclusive: false })).resolves.toBe(
      'taken',
    );
    expect(steps.map(({ state }) => state.is)).toEqual(['armed', 'none']);
    await expect(store.monitorings.take(armedStep('s', 'a'), { from: 0, exclusive: false })).resolves.toBe('taken');
  });

  it('lets one supervisor hold a target where that is asked for, and several where it is not', async () => {
    await using here = await place();
    const store = await here.open();
    const take = (supervisor: string, exclusive: boolean) =>
      store.monitorings.take(armedStep(supervisor, 'a'), { from: 0, exclusive });
    expect(await Promise.all([take('s', true), take('t', true)])).toEqual(['taken', 'held']);
    await expect(take('u', false)).resolves.toBe('taken');
    await expect(take('v', true)).resolves.toBe('held');
  });

  it('tells whoever follows a map what is in it, and every change', async () => {
    await using here = await place();
    const { registrations } = await here.open();
    const told: unknown[] = [];
    let heard: () => void = () => undefined;
    registrations.follow((key, value) => {
      told.push([key, value]);
      heard();
    });
    const another = () => new Promise<void>((resolve) => (heard = resolve));
    for (const change of [
      () => registrations.put('a', { n: 1 }),
      () => registrations.put('b', { n: 2 }),
      () => registrations.put('b', { n: 3 }),
      () => registrations.remove('a'),
    ]) {
      const next = another();
      change();
      await next;
    }
    expect(told).toEqual([
      ['a', { n: 1 }],
      ['b', { n: 2 }],
      ['b', { n: 3 }],
      ['a', undefined],
    ]);
    const later = new Map<string, unknown>();
    registrations.follow((key, value) => later.set(key, value));
    expect([...later]).toEqual([['b', { n: 3 }]]);
  });

  it('does not tell a process of its own call records', async () => {
    await using here = await place();
    const { records } = await here.open();
    const abandoned: string[] = [];
    records.put('call', { n: 1 });
    records.onAbandoned((key) => abandoned.push(key));
    records.remove('call');
    expect(abandoned).toEqual([]);
  });
});

describe.each([['file', filePlace]])('a store that is opened again: %s', (_kind, place) => {
  const abandonedIn = (store: Store): Map<string, Json> => {
    const found = new Map<string, Json>();
    store.records.onAbandoned((key, record) => found.set(key, record));
    return found;
  };

  it('has the subscriptions, and knows whose supervisors are lost', async () => {
    await using here = await place();
    const first = await here.open();
    const self = first.siblings.self;
    await first.monitorings.take(armedStep('s', 'a'), { from: 0, exclusive: true });
    await first.monitorings.take(busyStep('t', 'b', self), { from: 0, exclusive: true });
    await first.monitorings.take(armedStep('u', 'c'), { from: 0, exclusive: true });
    const version = kept(first).get('u')?.version ?? 0;
    await first.monitorings.take(cancelledStep('u'), { from: version, exclusive: true });
    await first.close();
    const second = await here.open();
    expect([...kept(second)].map(([id, { state }]: [string, TakenStep]) => [id, state])).toEqual([
      ['s', armed('s', 'a')],
      ['t', busyStep('t', 'b', self).state],
    ]);
    const lost = new Promise((resolve) => {
      second.siblings.follow({
        lost: (id) => {
          resolve(id);
          return Promise.resolve();
        },
        reunited: () => undefined,
      });
    });
    await expect(lost).resolves.toBe(self);
    expect(second.siblings.self).not.toBe(self);
  });

  it('has the registrations, and not those that were taken away', async () => {
    await using here = await place();
    const first = await here.open();
    for (const key of ['a', 'b', 'c']) first.registrations.put(key, { key });
    first.registrations.remove('b');
    await first.close();
    const found = new Map<string, unknown>();
    (await here.open()).registrations.follow((key, value) => found.set(key, value));
    expect([...found]).toEqual([
      ['a', { key: 'a' }],
      ['c', { key: 'c' }],
    ]);
  });

  it('hands on the call records that were left behind, until they are removed', async () => {
    await using here = await place();
    const first = await here.open();
    for (const n of [1, 2, 3]) first.records.put(`call ${n}`, { n, more: ['x', null, true] });
    first.records.put('call 2', { n: 22 });
    first.records.remove('call 3');
    await first.close();
    const second = await here.open();
    expect([...abandonedIn(second)]).toEqual([
      ['call 1', { n: 1, more: ['x', null, true] }],
      ['call 2', { n: 22 }],
    ]);
    second.records.remove('call 1');
    await second.close();
    expect([...abandonedIn(await here.open()).keys()]).toEqual(['call 2']);
  });
});
