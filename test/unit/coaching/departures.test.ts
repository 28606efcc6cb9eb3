import { describe, expect, it } from 'vitest';
import { carries } from '../../../src/coaching/audibility.ts';
import { call, coached, OTHER_SUPERVISOR, SUPERVISOR, World } from './world.ts';

/** A call with a supervisor in it and another, who came later. */
async function coachedTwice() {
  const { world, supervision: first } = await coached(new World({ severalSupervisors: true }));
  const active = world.event('supervision.active');
  await world.coach({ supervisorDeviceId: OTHER_SUPERVISOR });
  await world.phone('answers');
  return { world, first, second: (await active).supervision };
}

describe('a departure that takes its time', () => {
  it.each(['Coach', 'ListenIn'] as const)(
    'keeps nobody waiting: the customer does not hear the other any more, who barged in and now does %s',
    async (operation) => {
      const { world, first } = await coachedTwice();
      await world.coach({ operation: 'BargeIn' });
      await world.settled();
      expect(world.heardBy(first.id)).toContain('call customer');
      world.departures = new Promise(() => undefined);
      await world.switchboard.cancelMonitoring(OTHER_SUPERVISOR, { leaveCall: true });
      await world.settled();
      await world.coach({ operation });
      await world.settled();
      expect(world.heardBy(first.id)).toEqual(operation === 'Coach' ? ['call agent'] : []);
    },
  );

  it('whoever leaves neither hears nor is heard while it is still there', async () => {
    const { world, first, second } = await coachedTwice();
    world.departures = new Promise(() => undefined);
    await world.switchboard.cancelMonitoring(OTHER_SUPERVISOR, { leaveCall: true });
    await world.coach({ operation: 'BargeIn' });
    await world.settled();
    expect(world.room.seated.has(second.id)).toBe(true);
    expect(world.heardBy(second.id)).toEqual([]);
    expect(world.heardBy(first.id).sort()).toEqual(['call agent', 'call customer']);
  });

  it('whoever leaves without having been silenced for certain is gone before others are arranged', async () => {
    const { world, first } = await coachedTwice();
    let gone: () => void = () => undefined;
    world.departures = new Promise<void>((resolve) => {
      gone = resolve;
    });
    world.failures.add('mute');
    await world.switchboard.cancelMonitoring(OTHER_SUPERVISOR, { leaveCall: true });
    await world.coach({ operation: 'BargeIn' });
    await world.settled();
    expect(world.heardBy(first.id)).toEqual(['call agent']);
    gone();
    await world.settled();
    expect(world.heardBy(first.id).sort()).toEqual(['call agent', 'call customer']);
  });
});

describe('parties that are taken out of a room that stays', () => {
  it('hear each other when they come in again, whatever was asked for while they left', async () => {
    const world = new World({ severalSupervisors: true });
    world.switchboard.callEstablished(call());
    await world.coach();
    await world.rings();
    await world.coach({ supervisorDeviceId: OTHER_SUPERVISOR });
    await world.settled();
    let gone: () => void = () => undefined;
    world.departures = new Promise<void>((resolve) => {
      gone = resolve;
    });
    world.failures.add('offer to the customer');
    await world.phone('answers');
    await world.settled();
    await world.coach({ operation: 'BargeIn' });
    await world.settled();
    gone();
    await world.settled();
    world.failures.clear();
    const active = world.event('supervision.active');
    await world.phone('answers');
    await active;
    expect(carries(world.room.stage, 'call agent', 'call customer')).toBe(true);
    expect(carries(world.room.stage, 'call customer', 'call agent')).toBe(true);
  });
});

describe('a room that is slow to close', () => {
  it('keeps neither the phones of the call waiting nor the next supervisor', async () => {
    const { world } = await coached();
    let closed: () => void = () => undefined;
    world.closings = new Promise((resolve) => {
      closed = resolve;
    });
    await world.switchboard.cancelMonitoring(SUPERVISOR, { leaveCall: true });
    await world.settled();
    const held = world.switchboard.offerReceived('call', 'call customer', 'hold');
    await expect(held).resolves.toBe('answer of call agent');
    const again = world.event('supervision.active');
    await world.coach();
    await world.phone('answers');
    const { supervision } = await again;
    expect(world.heardBy(supervision.id)).toEqual(['call agent']);
    expect(world.types()).not.toContain('supervision.ended');
    closed();
    await world.settled();
    expect(world.types().slice(-2)).toEqual(['room.released', 'supervision.ended']);
  });
});
