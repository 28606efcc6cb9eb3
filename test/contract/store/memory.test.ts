import { describe, expect, it } from 'vitest';
import { CallLocations } from '../../../src/coaching/call-locations.ts';
import { redisInstalled } from '../../support/redis-server.ts';
import { redisPlace } from './kinds.ts';
import { Listener } from './listener.ts';
import { armed, armedStep, busyStep, follow, kept } from './steps.ts';

const QUICK = { beatMs: 50, aliveMs: 5000, answerMs: 200, tries: 3, patienceMs: 500 };

/** Two instances, a subscription, and a phone. */
async function pair() {
  const place = await redisPlace(QUICK);
  const [one, two] = [new Listener(await place.open()), new Listener(await place.open())];
  await one.store.monitorings.take(armedStep('s', 'a'), { from: 0, exclusive: true });
  one.store.registrations.put('phone', { registeredAt: 2 });
  one.store.records.put('call', 1);
  const known = (each: Listener) => each.registrations.has('phone') && each.steps.length > 0;
  await Promise.all([one, two].map((each) => each.until('what is stored', () => known(each))));
  return { one, two, ask: place.ask, [Symbol.asyncDispose]: () => place[Symbol.asyncDispose]() };
}

const states = ({ store }: Listener) => [...kept(store)].map(([id, { state }]) => [id, state]);

describe.skipIf(!redisInstalled)('a Redis whose memory is changed while everyone is connected', () => {
  it('is given back what it has lost, and serves as before', async () => {
    await using scene = await pair();
    const { one, two, ask } = scene;
    const before = [one.reunions, two.reunions];
    await ask('FLUSHALL');
    await Promise.all([one, two].map((each, index) => each.until('it', () => each.reunions > (before[index] ?? 0))));
    const version = kept(one.store).get('s')?.version ?? 0;
    await expect(
      one.store.monitorings.take(busyStep('s', 'a', one.store.siblings.self), { from: version, exclusive: true }),
    ).resolves.toBe('taken');
    await two.until('the step', () => two.steps.some(({ state }) => state.is === 'active'));
    expect(await ask('HGETALL', 'test:registrations')).toMatchObject({ phone: '{"registeredAt":2}' });
    expect(await ask('HGETALL', `test:records:${one.store.siblings.self}`)).toMatchObject({ call: '1' });
  });

  it('and that remembers an earlier time is told of the present', async () => {
    await using scene = await pair();
    const { one, two, ask } = scene;
    const { self } = one.store.siblings;
    const locations = new CallLocations(one.store.calls, self);
    locations.follow({ announced: () => undefined, taken: () => undefined });
    const over = JSON.stringify({ call: { id: 'over' }, instanceId: self, since: 1 });
    const before = [one.reunions, two.reunions];
    const earlier = `
      redis.call('SET', 'test:seq', '1')
      redis.call('DEL', 'test:subscriptions')
      redis.call('HSET', 'test:subscriptions', 'cancelled', '1 b ' .. ARGV[1])
      redis.call('HSET', 'test:registrations', 'phone', '{"registeredAt":1}', 'gone', '{"registeredAt":1}')
      redis.call('HSET', 'test:calls', 'over', ARGV[2])
      redis.call('HSET', 'test:records:' .. ARGV[3], 'over', '1')`;
    await ask('EVAL', earlier, '0', JSON.stringify(armed('cancelled', 'b')), over, self);
    await Promise.all([one, two].map((each, index) => each.until('it', () => each.reunions > (before[index] ?? 0))));
    expect([states(one), states(two)]).toEqual(Array(2).fill([['s', armed('s', 'a')]]));
    for (const { registrations } of [one, two]) expect([...registrations]).toEqual([['phone', { registeredAt: 2 }]]);
    const all = ({ steps }: Listener) => steps.some(({ supervisorDeviceId }) => supervisorDeviceId === 't');
    // Whatever is written behind is written before a step is.
    await one.store.monitorings.take(armedStep('t', 't'), { from: 0, exclusive: true });
    await two.until('the step', () => all(two));
    await two.until('the end of the call', () => !two.calls.has('over'));
    expect(await ask('HGETALL', `test:records:${self}`)).toEqual({ call: '1' });
    expect([...one.abandoned, ...two.abandoned]).toEqual([]);
  });

  it('with a subscription that makes no sense: it can be replaced', async () => {
    await using place = await redisPlace();
    await place.ask('HSET', 'test:subscriptions', 's', '7 a {"is":"of another version"}', 't', '8');
    await place.ask('SET', 'test:seq', '8');
    const store = await place.open();
    follow(store);
    for (const supervisor of ['s', 't'])
      await expect(
        store.monitorings.take(armedStep(supervisor, supervisor), { from: 0, exclusive: true }),
      ).resolves.toBe('taken');
    expect([...kept(store).keys()].sort()).toEqual(['s', 't']);
  });
});
