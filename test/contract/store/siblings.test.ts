import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Call } from '../../../src/coaching/call.ts';
import { CallLocations } from '../../../src/coaching/call-locations.ts';
import { describe, expect, it } from 'vitest';
import { redisInstalled } from '../../support/redis-server.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import { Watch } from '../../support/watch.ts';
import { redisPlace } from './kinds.ts';
import { Listener } from './listener.ts';
import { busyStep } from './steps.ts';

const QUICK = { beatMs: 50, aliveMs: 300, answerMs: 200, tries: 3, patienceMs: 500 };

/** The control plane of an instance, as far as siblings ask for it. */
class ControlPlane implements AsyncDisposable {
  /** How often it was asked. */
  asked = 0;
  readonly #server: Server;
  readonly #port: number;
  readonly #watch = new Watch();

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.#port = port;
  }

  /** `answer`: what it says, if anything. */
  static async of(answer: () => string | undefined): Promise<ControlPlane> {
    const server = createServer((request, response) => {
      plane.asked++;
      plane.#watch.touch();
      const text = answer();
      if (request.url === '/health' && text !== undefined) response.end(text);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const plane = new ControlPlane(server, (server.address() as AddressInfo).port);
    return plane;
  }

  static ofInstance(id: string): Promise<ControlPlane> {
    return ControlPlane.of(() => JSON.stringify({ instance: id }));
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Resolves when it has been asked so many times more. */
  async isAsked(times: number): Promise<void> {
    const goal = this.asked + times;
    await this.#watch.until(
      `${times} questions`,
      () => (this.asked >= goal ? true : undefined),
      () => `${this.asked - goal + times}`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }
}

const CALL: Call = {
  id: 'call',
  type: 'Inbound',
  dnis: '1',
  caller: { legId: 'x', deviceId: undefined, phoneNumber: '1', displayName: undefined },
  callee: { legId: 'y', deviceId: 'a', phoneNumber: '2', displayName: undefined },
};

/** Three instances, the third of which reaches Redis by a way of its own, and holds a call. */
async function trio() {
  const place = await redisPlace(QUICK);
  const way = await TcpProxy.to(place.server.port);
  const witnesses = [new Listener(await place.open()), new Listener(await place.open())];
  const third = new Listener(await place.open(`redis://127.0.0.1:${way.port}`));
  const { self } = third.store.siblings;
  third.store.records.put('call', { legs: [1, 2] });
  const locations = new CallLocations(third.store.calls, self);
  locations.follow({ announced: () => undefined, taken: () => undefined });
  locations.announce(CALL);
  await third.store.monitorings.take(busyStep('s', 'a', self), { from: 0, exclusive: true });
  await Promise.all(witnesses.map((each) => each.until('the call', () => each.calls.has('call'))));
  /** Resolves when one has settled what the third has left behind, down to its records. */
  const settled = () => Promise.race(witnesses.map((each) => each.until('the heir', () => each.abandoned.size > 0)));
  /** Whom it was told to that an instance is gone. */
  const told = () => witnesses.flatMap(({ lost }) => lost);
  const close = async () => {
    way.mend();
    await place[Symbol.asyncDispose]();
    await way[Symbol.asyncDispose]();
  };
  return { witnesses, third, self, way, ask: place.ask, settled, told, [Symbol.asyncDispose]: close };
}

describe.skipIf(!redisInstalled)('an instance that does not reach Redis', () => {
  it('but answers is not settled, however long that takes; killed in the end, it is settled once', async () => {
    await using scene = await trio();
    const { third, self, way, witnesses } = scene;
    const plane = await ControlPlane.ofInstance(self);
    third.store.reachableAt(plane.url);
    // Whatever is asked of Redis from now on comes after that.
    await third.store.monitorings.take(busyStep('t', 'b', self), { from: 0, exclusive: true });
    way.cut();
    // Each answer is good for a whole life of a heartbeat.
    await plane.isAsked(6);
    expect(scene.told()).toEqual([]);
    expect(witnesses.map(({ calls }) => calls.has('call'))).toEqual([true, true]);
    await plane[Symbol.asyncDispose]();
    await scene.settled();
    expect(scene.told()).toEqual([self]);
    expect(witnesses.flatMap(({ abandoned }) => [...abandoned])).toEqual([['call', { legs: [1, 2] }]]);
  });

  it('and comes back after that is as it was', async () => {
    await using scene = await trio();
    const { third, self, way } = scene;
    await using plane = await ControlPlane.ofInstance(self);
    third.store.reachableAt(plane.url);
    await third.store.monitorings.take(busyStep('t', 'b', self), { from: 0, exclusive: true });
    way.cut();
    await plane.isAsked(3);
    const { reunions } = third;
    way.mend();
    await third.until('the reunion', () => third.reunions > reunions);
    expect(scene.told()).toEqual([]);
    expect(third.steps.map(({ state }) => state.is)).toEqual(['active', 'active']);
  });

  it('and lost the answer with what it has inherited: it finds that when it is back, and not what has ended', async () => {
    await using scene = await trio();
    const { third, self, way } = scene;
    const key = `test:records:${self}`;
    third.store.records.put('ends', 1);
    // What is asked of Redis after that is answered after that.
    await third.store.monitorings.take(busyStep('t', 'b', self), { from: 0, exclusive: true });
    expect(await scene.ask('HKEYS', key)).toEqual(['call', 'ends']);
    way.cut();
    await scene.ask('HSET', key, 'inherited', '{"legs":[3]}');
    third.store.records.remove('ends');
    way.mend();
    await third.until('the records', () => third.abandoned.size > 0);
    expect([...third.abandoned]).toEqual([['inherited', { legs: [3] }]]);
  });

  it('nor says anything is settled after some patience', async () => {
    await using scene = await trio();
    const { third, self, way } = scene;
    await using plane = await ControlPlane.of(() => undefined);
    third.store.reachableAt(plane.url);
    await third.store.monitorings.take(busyStep('t', 'b', self), { from: 0, exclusive: true });
    way.cut();
    await plane.isAsked(3);
    await scene.settled();
    expect(plane.asked).toBeGreaterThanOrEqual(QUICK.tries);
    expect(scene.told()).toEqual([self]);
  });

  it('where somebody else answers now is settled at once', async () => {
    await using scene = await trio();
    const { third, self, way } = scene;
    await using plane = await ControlPlane.ofInstance('somebody else');
    third.store.reachableAt(plane.url);
    await third.store.monitorings.take(busyStep('t', 'b', self), { from: 0, exclusive: true });
    way.cut();
    await scene.settled();
    expect(scene.told()).toEqual([self]);
  });

  it('and was settled meanwhile: it says again what it holds, and its heir hears that it lives', async () => {
    await using scene = await trio();
    const { third, self, way, witnesses } = scene;
    third.store.reachableAt('http://127.0.0.1:1');
    await third.store.monitorings.take(busyStep('t', 'b', self), { from: 0, exclusive: true });
    way.cut();
    await scene.settled();
    const heir = witnesses.find(({ lost }) => lost.length > 0);
    heir?.store.calls.remove('call');
    await heir?.until('the call to be withdrawn', () => !heir.calls.has('call'));
    way.mend();
    await heir?.until('it to be back', () => heir.returned.includes(self));
    await heir?.until('its call', () => heir.calls.has('call'));
    expect(heir?.calls.get('call')).toMatchObject({ instanceId: self });
    // Killed now, it is settled again: its records were written again, before the second of these two.
    for (const supervisor of ['u', 'v'])
      await third.store.monitorings.take(busyStep(supervisor, supervisor, self), { from: 0, exclusive: true });
    witnesses.forEach(({ abandoned }) => abandoned.clear());
    way.cut();
    await scene.settled();
    expect(scene.told()).toEqual([self, self]);
  });
});
