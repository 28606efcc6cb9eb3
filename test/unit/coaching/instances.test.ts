import { describe, expect, it } from 'vitest';
import type { SiblingListener, TakenStep } from '../../../src/coaching/shared.ts';
import { LocalMap } from '../../../src/store/local-map.ts';
import { LocalMonitorings } from '../../../src/store/local-monitorings.ts';
import { memoryStore } from '../../../src/store/memory-store.ts';
import type { Store } from '../../../src/store/store.ts';
import { AGENT, call, SUPERVISOR, World } from './world.ts';

/** A store that several worlds share: one order of steps for all. */
class Hub {
  readonly #monitorings = new LocalMonitorings('');
  readonly #calls: Store['calls'] = new LocalMap();
  readonly #listeners = new Map<string, SiblingListener>();
  /** Who takes the step that is being told. */
  #author = '';
  readonly #dead = new Set<string>();

  world(self: string): World {
    const monitorings: Store['monitorings'] = {
      follow: (told) =>
        this.#monitorings.follow((step: TakenStep) => {
          if (!this.#dead.has(self)) told({ ...step, by: step.by === undefined ? undefined : this.#author });
        }),
      take: async (step, condition) => {
        // Only one is under way at a time: steps are told before they resolve.
        this.#author = self;
        return this.#monitorings.take(step, condition);
      },
    };
    const calls: Store['calls'] = {
      put: (key, value) => {
        if (!this.#dead.has(self)) this.#calls.put(key, value);
      },
      remove: (key) => this.#calls.remove(key),
      follow: (told) =>
        this.#calls.follow((key, value) => {
          if (!this.#dead.has(self)) told(key, value);
        }),
    };
    const siblings = { self, follow: (listener: SiblingListener) => void this.#listeners.set(self, listener) };
    return new World({}, { ...memoryStore(), monitorings, calls, siblings });
  }

  /** It says nothing any more, and hears nothing. */
  kill(self: string): void {
    this.#dead.add(self);
  }

  listener(self: string): SiblingListener {
    const listener = this.#listeners.get(self);
    if (listener === undefined) throw new Error(`${self} does not listen`);
    return listener;
  }
}

describe('several instances', () => {
  it('a supervisor is brought in by whoever holds the call, and by nobody else', async () => {
    const hub = new Hub();
    const [here, there] = [hub.world('here'), hub.world('there')];
    there.switchboard.callEstablished(call());
    const active = there.event('supervision.active');
    await here.coach();
    await there.phone('answers');
    await active;
    expect(here.types()).toEqual(['monitoring.changed']);
    expect(there.types()).not.toContain('monitoring.changed');
    expect(there.switchboard.device(SUPERVISOR).monitoring).toMatchObject({ targetDeviceId: AGENT });
    const ended = there.event('supervision.ended');
    await here.switchboard.cancelMonitoring(SUPERVISOR, { leaveCall: true });
    await ended;
  });

  it('the newest call is joined, then the other, wherever they are', async () => {
    const hub = new Hub();
    const [here, there] = [hub.world('here'), hub.world('there')];
    here.switchboard.callEstablished(call('first'));
    there.switchboard.callEstablished(call('second'));
    await here.coach();
    await there.rings();
    expect(here.ringing).toBe(false);
    there.switchboard.callEnded('second');
    await here.rings();
    expect(there.ringing).toBe(false);
  });

  it('one that is gone: its supervisor is free, NextCall is not used up, its call is told as ended', async () => {
    const hub = new Hub();
    const [here, there] = [hub.world('here'), hub.world('there')];
    there.switchboard.callEstablished(call());
    const active = there.event('supervision.active');
    await here.coach({ mode: 'NextCall' });
    await there.phone('answers');
    await active;
    await there.settled();
    hub.kill('there');
    await hub.listener('here').lost('there');
    expect(here.types()).toEqual(['monitoring.changed', 'supervision.ended', 'call.ended']);
    expect(here.switchboard.call('call')).toBeUndefined();
    expect(here.switchboard.device(SUPERVISOR).monitoring).toMatchObject({ mode: 'NextCall' });
    here.switchboard.callEstablished(call('next'));
    await here.rings();
  });

  it('one that was settled though it lives: its call is its own again, its supervisor comes in again', async () => {
    const hub = new Hub();
    const [here, there] = [hub.world('here'), hub.world('there')];
    there.switchboard.callEstablished(call());
    const active = there.event('supervision.active');
    await here.coach({ mode: 'NextCall' });
    await there.phone('answers');
    await active;
    await there.settled();
    const again = there.event('supervision.active');
    await hub.listener('here').lost('there');
    await there.phone('answers');
    await again;
    expect(there.calledTwice).toEqual([]);
    expect(there.types()).not.toContain('call.ended');
    expect(here.switchboard.call('call')).toEqual(call());
    expect(here.switchboard.device(SUPERVISOR).monitoring).toMatchObject({ mode: 'NextCall' });
  });

  it('one whose call has an heir lets go of it, and the heir keeps it', async () => {
    const hub = new Hub();
    const [here, there] = [hub.world('here'), hub.world('there')];
    there.switchboard.callEstablished(call());
    const active = there.event('supervision.active');
    await here.coach();
    await there.phone('answers');
    await active;
    const over = there.event('supervision.ended');
    here.switchboard.callEstablished(call());
    await over;
    expect(there.log).toContain('let go of call');
    expect(there.types()).not.toContain('call.ended');
    expect(there.switchboard.calls()).toEqual([]);
    expect(here.log).not.toContain('let go of call');
    expect(here.switchboard.calls()).toHaveLength(1);
    await here.rings();
    here.switchboard.callEnded('call');
    expect(there.switchboard.call('call')).toBeUndefined();
  });

  it('one that could not store how a session ended makes good for it when the store is back', async () => {
    const hub = new Hub();
    const world = hub.world('here');
    world.switchboard.callEstablished(call());
    await world.coach();
    await world.rings();
    world.failures.add('take');
    world.switchboard.callEnded('call');
    await world.settled();
    expect(world.types()).toContain('monitoring.failed');
    world.switchboard.callEstablished(call('next'));
    await world.settled();
    expect(world.ringing).toBe(false);
    world.failures.clear();
    hub.listener('here').reunited();
    await world.rings();
  });
});
