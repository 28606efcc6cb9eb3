import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { createClient } from '@redis/client';
import fc from 'fast-check';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/log.ts';
import { TIMING } from '../../../src/store/redis/redis-siblings.ts';
import { openRedisStore } from '../../../src/store/redis/redis-store.ts';
import { Child } from '../../support/child.ts';
import { redisInstalled, RedisServer } from '../../support/redis-server.ts';
import { Watch } from '../../support/watch.ts';
import { redisPlace } from './kinds.ts';
import { Listener } from './listener.ts';
import { armed, armedStep, busyStep, cancelledStep, follow, kept } from './steps.ts';

const at = (instanceId: string) => ({
  instanceId,
  since: 1,
  call: {
    id: 'call',
    type: 'Inbound' as const,
    dnis: '1',
    caller: { legId: 'x', deviceId: undefined, phoneNumber: '1', displayName: undefined },
    callee: { legId: 'y', deviceId: 'a', phoneNumber: '2', displayName: undefined },
  },
});

describe.skipIf(!redisInstalled)('instances that share a Redis', () => {
  it('are told of the same changes in the same order, whoever made them', async () => {
    await using place = await redisPlace();
    const [one, two] = [new Listener(await place.open()), new Listener(await place.open())];
    const supervisors = ['s', 't', 'u', 'v', 'w'];
    await Promise.all(
      supervisors.flatMap((id) =>
        [one, two].map(({ store }) => store.monitorings.take(armedStep(id, id), { from: 0, exclusive: true })),
      ),
    );
    const all = ({ steps }: Listener) => steps.length === supervisors.length;
    await Promise.all([one.until('all steps', () => all(one)), two.until('all steps', () => all(two))]);
    expect(one.steps).toEqual(two.steps);
    expect(one.steps.map(({ supervisorDeviceId }) => supervisorDeviceId).sort()).toEqual(supervisors);
    expect(one.steps[0]?.effects).toEqual(armedStep('s', 's').effects);
  });

  it('let exactly one supervisor hold a target, whoever asks where at the same time', async () => {
    await using place = await redisPlace();
    const instances = [new Listener(await place.open()), new Listener(await place.open())];
    let round = 0;
    const request = fc.record({ where: fc.constantFrom(...instances), supervisor: fc.constantFrom('s', 't', 'u') });
    await fc.assert(
      fc.asyncProperty(fc.array(request, { minLength: 2, maxLength: 6 }), async (requests) => {
        const target = `agent-${round++}`;
        const outcomes = await Promise.all(
          requests.map(({ where, supervisor }) =>
            where.store.monitorings.take(armedStep(`${supervisor}-${target}`, target), { from: 0, exclusive: true }),
          ),
        );
        expect(outcomes.filter((outcome) => outcome === 'taken')).toHaveLength(1);
        await Promise.all(instances.map((each) => each.until('every step', () => each.steps.length === round)));
      }),
      { numRuns: 50, endOnFailure: true },
    );
    expect(new Set(instances.map(({ steps }) => JSON.stringify(steps))).size).toBe(1);
  });

  it('tells whoever was overtaken of what overtook it, before it tells that it was', async () => {
    await using place = await redisPlace();
    const [one, two] = [await place.open(), await place.open()];
    const steps = follow(two);
    const [first, second] = await Promise.all([
      one.monitorings.take(armedStep('s', 'a'), { from: 0, exclusive: true }),
      two.monitorings.take(armedStep('s', 'b'), { from: 0, exclusive: true }),
    ]);
    expect([first, second].sort()).toEqual(['overtaken', 'taken']);
    expect(steps).toHaveLength(1);
    expect(kept(one)).toEqual(kept(two));
  });

  it('share registrations and the location of calls, also with those that come later', async () => {
    await using place = await redisPlace();
    const [one, two] = [new Listener(await place.open()), new Listener(await place.open())];
    one.store.registrations.put('phone', { at: 'one' });
    two.store.calls.put('call', at(two.store.siblings.self));
    await Promise.all([
      two.until('the registration', () => two.registrations.has('phone')),
      one.until('the call', () => one.calls.has('call')),
    ]);
    const three = new Listener(await place.open());
    expect([...three.registrations]).toEqual([['phone', { at: 'one' }]]);
    expect([...three.calls.keys()]).toEqual(['call']);
    two.store.calls.remove('call');
    await Promise.all([one, three].map((each) => each.until('the end of the call', () => !each.calls.has('call'))));
  });

  it('have one key for their nonces', async () => {
    await using place = await redisPlace();
    const [one, two] = [await place.open(), await place.open()];
    expect(one.nonceKey()).toHaveLength(32);
    expect(one.nonceKey()).toEqual(two.nonceKey());
  });

  it('hear what is posted, but not from themselves', async () => {
    await using place = await redisPlace();
    const [one, two] = [new Listener(await place.open()), new Listener(await place.open())];
    one.store.bulletin.post({ hello: 'two' });
    await two.until('the notice', () => two.notices.length > 0);
    two.store.bulletin.post({ hello: 'one' });
    await one.until('the notice', () => one.notices.length > 0);
    expect([one.notices, two.notices]).toEqual([[{ hello: 'one' }], [{ hello: 'two' }]]);
  });

  it('one that is gone without a word: one of the others, and only one, settles what it has left behind', async () => {
    await using place = await redisPlace();
    const listeners = [new Listener(await place.open()), new Listener(await place.open())];
    const tsx = fileURLToPath(new URL('../../../node_modules/tsx/dist/cli.mjs', import.meta.url));
    const script = fileURLToPath(new URL('doomed.ts', import.meta.url));
    const doomed = new Child(process.execPath, [tsx, script, place.server.url, 'test:'], tmpdir());
    const [one] = listeners as [Listener];
    await one.until('it to be there', () => one.registrations.size > 0);
    const [gone = ''] = one.registrations.keys();
    await doomed.end('SIGKILL');
    await Promise.race(listeners.map((each) => each.until('the heir', () => each.abandoned.size > 0)));
    const heirs = listeners.filter(({ lost }) => lost.length > 0);
    expect(heirs.map(({ lost }) => lost)).toEqual([[gone]]);
    expect([...(heirs[0]?.abandoned ?? [])]).toEqual([['call', { legs: [1, 2] }]]);
    expect(heirs[0]?.steps.map(({ state }) => state)).toEqual([busyStep('s', 'a', gone).state]);
  });

  it('one that ends in order leaves nobody anything to settle, unless there are records', async () => {
    await using place = await redisPlace();
    const one = new Listener(await place.open());
    const [two, three] = [await place.open(), await place.open()];
    await two.close();
    three.records.put('call', 1);
    await three.close();
    await one.until('the heir', () => one.abandoned.size > 0);
    expect(one.lost).toEqual([three.siblings.self]);
  });
});

describe.skipIf(!redisInstalled)('a Redis that goes away', () => {
  it('is told of as down; a step is refused at once, the rest is written when it is back', async () => {
    await using place = await redisPlace();
    const one = new Listener(await place.open());
    await one.store.monitorings.take(armedStep('s', 'a'), { from: 0, exclusive: true });
    const [{ version } = { version: 0 }] = one.steps;
    one.store.registrations.put('phone', 1);
    await one.until('the registration', () => one.registrations.has('phone'));
    await place.server.kill();
    await expect(
      one.store.monitorings.take(cancelledStep('s'), { from: version, exclusive: false }),
    ).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect(one.store.status()).toMatchObject({ kind: 'redis', is: 'down' });
    one.store.registrations.put('another', 2);
    const before = one.reunions;
    await place.server.begin();
    await one.until('the reunion', () => one.reunions > before);
    const two = new Listener(await place.open());
    expect(one.store.status()).toEqual({ kind: 'redis', is: 'up' });
    // The server remembers nothing: this is what the instance has put back.
    expect([...two.registrations].sort()).toEqual([
      ['another', 2],
      ['phone', 1],
    ]);
    expect([...kept(two.store).values()].map(({ state }) => state)).toEqual([armed('s', 'a')]);
    const again = kept(one.store).get('s')?.version ?? 0;
    await expect(one.store.monitorings.take(cancelledStep('s'), { from: again, exclusive: false })).resolves.toBe(
      'taken',
    );
    await two.until('the cancel', () => kept(two.store).size === 0);
  });

  it('that refuses to be written is down and says why, once, until it can be written again', async () => {
    await using server = await RedisServer.start();
    const lines: string[] = [];
    const watch = new Watch();
    const log = pino(
      { level: 'info' },
      {
        write: (line: string) => {
          lines.push(line);
          watch.touch();
        },
      },
    );
    const ask = async (...words: string[]) => {
      const client = createClient({ url: server.url });
      await client.connect();
      await client.sendCommand(words);
      client.destroy();
    };
    const store = await openRedisStore({ url: server.url, prefix: 'x:' }, log, { ...TIMING, beatMs: 20 });
    const said = (what: string) => lines.filter((line) => line.includes(`"what":"${what}"`)).length;
    const until = (what: string, times: number) =>
      watch.until(
        `${times} lines about ${what}`,
        () => (said(what) >= times ? true : undefined),
        () => lines.join(''),
      );
    await ask('CONFIG', 'SET', 'maxmemory', '1');
    store.registrations.put('phone', 1);
    await Promise.all([until('heartbeat', 1), until('registrations', 1)]);
    expect(store.status()).toMatchObject({ is: 'down', reason: expect.stringContaining('OOM') as string });
    await ask('CONFIG', 'SET', 'maxmemory', '0');
    await Promise.all([until('heartbeat', 2), until('registrations', 2)]);
    expect(store.status()).toEqual({ kind: 'redis', is: 'up' });
    // Fifty heartbeats a second, and nothing more to read than that it began and ended.
    expect([said('heartbeat'), said('registrations')]).toEqual([2, 2]);
    await store.close();
  });

  it('whose password is wrong is down, and says why', async () => {
    await using server = await RedisServer.start();
    await server.kill();
    await server.begin('--requirepass', 'right');
    const lines: string[] = [];
    const log = pino({ level: 'error' }, { write: (line: string) => lines.push(line) });
    const store = await openRedisStore({ url: server.url, password: 'wrong', prefix: 'x:' }, log);
    expect(store.status()).toMatchObject({ is: 'down', reason: expect.stringContaining('WRONGPASS') as string });
    expect(lines.filter((line) => line.includes('redis is not there'))).toEqual([
      expect.stringContaining('WRONGPASS') as string,
    ]);
    await store.close();
    const right = await openRedisStore({ url: server.url, password: 'right', prefix: 'x:' }, createLogger('silent'));
    expect(right.status()).toEqual({ kind: 'redis', is: 'up' });
    await right.close();
  });
});
