import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Binding, Bindings } from '../../../src/b2bua/bindings.ts';
import { Registrar } from '../../../src/b2bua/registrar.ts';
import { SharedBindings } from '../../../src/b2bua/shared-bindings.ts';
import { LocalMap } from '../../../src/store/local-map.ts';

const binding = (uri: string, registeredAt = 0, expiresAt = 60_000): Binding => ({
  uri,
  route: undefined,
  expiresAt,
  callId: 'a',
  cseq: 1,
  registeredAt,
});

describe('shared bindings', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 0 });
  });
  afterEach(() => vi.useRealTimers());

  it('stores each contact of a device by itself', () => {
    const stored = new Map<string, unknown>();
    const shared = new SharedBindings(
      new LocalMap([], (key, value) => (value === undefined ? stored.delete(key) : stored.set(key, value))),
    );
    const [one, two] = [binding('sip:one'), binding('sip:two')];
    shared.changed('d', [], [one, two], 0);
    expect([...stored.keys()]).toEqual(['d sip:one', 'd sip:two']);
    shared.changed('d', [one, two], [two], 0);
    expect([...stored]).toEqual([['d sip:two', two]]);
  });

  it('says as of when it stores: overruling what was known, and nothing that is newer', async () => {
    const said: unknown[] = [];
    const shared = new SharedBindings({
      put: (key, _value, asOf) => said.push([key, asOf]),
      remove: (key, asOf) => said.push([key, asOf]),
      follow: () => undefined,
    });
    shared.changed('d', [], [binding('sip:one', 10)], 10);
    // The one who stored it has a clock that is ahead.
    shared.changed('d', [binding('sip:one', 30)], [binding('sip:one', 20)], 20);
    shared.changed('d', [binding('sip:one', 20)], [], 25);
    shared.expired('d', binding('sip:one', 20), () => false);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(said).toEqual([10, 30, 25, 20].map((asOf) => ['d sip:one', asOf]));
  });

  it('tells of what others have stored, and not of what makes no sense', () => {
    const map = new LocalMap<unknown>([
      ['d sip:one', binding('sip:one')],
      ['d sip:two', { uri: 'sip:two' }],
    ]);
    const told: unknown[] = [];
    new SharedBindings(map).follow((deviceId, uri, found) => told.push([deviceId, uri, found?.uri]));
    expect(told).toEqual([
      ['d', 'sip:one', 'sip:one'],
      ['d', 'sip:two', undefined],
    ]);
  });

  it('a registrar knows who registered elsewhere, the most recent first, until it expires; then it is taken out of the store', async () => {
    const map = new LocalMap<unknown>([['d sip:two', binding('sip:two', 5, 20_000)]]);
    const registrar = new Registrar({}, map);
    const changes: string[] = [];
    registrar.onChange((deviceId) => changes.push(deviceId));
    map.put('d sip:one', binding('sip:one', 1, 30_000));
    map.put('e sip:e', binding('sip:e', 1, 100_000));
    expect(registrar.contacts('d').map(({ uri }) => uri)).toEqual(['sip:two', 'sip:one']);
    expect(changes).toEqual(['e']);
    map.remove('e sip:e');
    expect(changes).toEqual(['e', 'e']);
    await vi.advanceTimersByTimeAsync(30_002);
    expect(registrar.isActive('d')).toBe(false);
    expect(changes).toEqual(['e', 'e', 'd']);
    await vi.advanceTimersByTimeAsync(60_000);
    const left: string[] = [];
    map.follow((key) => left.push(key));
    expect(left).toEqual([]);
    registrar.close();
  });

  it('what was renewed elsewhere after it had expired here stays', async () => {
    const map = new LocalMap<unknown>([['d sip:one', binding('sip:one', 0, 1000)]]);
    const registrar = new Registrar({}, map);
    await vi.advanceTimersByTimeAsync(1500);
    map.put('d sip:one', binding('sip:one', 1400, 200_000));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(registrar.isActive('d')).toBe(true);
    registrar.close();
  });

  it('of two that registered at different instances both are known', () => {
    const bindings = new Bindings();
    bindings.set('d', 'sip:one', binding('sip:one', 2));
    bindings.set('d', 'sip:two', binding('sip:two', 1));
    expect(bindings.contacts('d', 0).map(({ uri }) => uri)).toEqual(['sip:one', 'sip:two']);
  });
});
