import { describe, expect, it } from 'vitest';
import { redisInstalled } from '../../support/redis-server.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import { redisPlace } from './kinds.ts';
import { Listener } from './listener.ts';

const at = (registeredAt: number, route = 'sip:here/"\\') => ({ uri: 'sip:phone', route, registeredAt });

describe.skipIf(!redisInstalled)('registrations in a Redis that one instance did not reach for a while', () => {
  it('are not overruled by what that one writes afterwards, unless they are older', async () => {
    await using place = await redisPlace();
    await using way = await TcpProxy.to(place.server.port);
    const [one, two] = [
      new Listener(await place.open(`redis://127.0.0.1:${way.port}`)),
      new Listener(await place.open()),
    ];
    for (const phone of ['expires', 'moves', 'leaves', 'stays']) one.store.registrations.put(phone, at(10), 10);
    await two.until('all', () => two.registrations.size === 4);
    way.cut();
    // Both have renewed at the other instance.
    for (const phone of ['expires', 'moves']) two.store.registrations.put(phone, at(30), 30);
    await two.until('the renewals', () => JSON.stringify(two.registrations.get('moves')) === JSON.stringify(at(30)));
    one.store.registrations.remove('expires', 10);
    one.store.registrations.put('moves', at(20), 20);
    one.store.registrations.remove('leaves', 20);
    one.store.registrations.put('stays', at(20), 20);
    const { reunions } = one;
    way.mend();
    await one.until('the reunion', () => one.reunions > reunions);
    await two.until('the end of one', () => !two.registrations.has('leaves'));
    const all = [
      ['expires', at(30)],
      ['moves', at(30)],
      ['stays', at(20)],
    ];
    expect([...two.registrations].sort()).toEqual(all);
    expect([...one.registrations].sort()).toEqual(all);
    // A clock that is behind does not keep anybody from going on.
    one.store.registrations.put('moves', at(25), 30);
    one.store.registrations.remove('expires', 30);
    await two.until('the rest', () => !two.registrations.has('expires'));
    expect(two.registrations.get('moves')).toEqual(at(25));
  });
});
