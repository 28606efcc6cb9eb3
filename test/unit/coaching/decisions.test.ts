import { describe, expect, it } from 'vitest';
import { OTHER_SUPERVISOR, SUPERVISOR, World, call, coached } from './world.ts';

describe('a supervisor that is told something else while it comes in', () => {
  it('is not heard by the customer while the phones are still being told', async () => {
    const world = new World();
    let told: () => void = () => undefined;
    world.phonesTold = new Promise<void>((resolve) => {
      told = resolve;
    });
    world.switchboard.callEstablished(call());
    const active = world.event('supervision.active');
    await world.coach({ operation: 'BargeIn' });
    await world.phone('answers');
    await world.settled();
    const switched = world.event('supervision.switched');
    await world.coach();
    const { supervision } = await switched;
    expect(world.heardBy(supervision.id)).toEqual(['call agent']);
    expect(world.types()).not.toContain('supervision.active');
    told();
    expect((await active).supervision).toMatchObject({ operation: 'Coach' });
    expect(world.heardBy(supervision.id)).toEqual(['call agent']);
  });
});

describe('a supervisor that fails or leaves while the phones are still being told', () => {
  it.each(['a switch that is not confirmed', 'a cancel'])(
    '%s: it is out of the room before they answer',
    async (why) => {
      const world = new World();
      let told: () => void = () => undefined;
      world.phonesTold = new Promise<void>((resolve) => {
        told = resolve;
      });
      world.switchboard.callEstablished(call());
      await world.coach({ operation: 'BargeIn' });
      await world.phone('answers');
      await world.settled();
      const [supervision] = world.switchboard.calls().flatMap(({ supervisions }) => supervisions);
      expect(world.heardBy(supervision?.id ?? '')).toContain('call customer');
      world.failures.add('separate');
      if (why === 'a cancel') await world.switchboard.cancelMonitoring(SUPERVISOR, { leaveCall: true });
      else await world.coach();
      await world.settled();
      expect(world.room.members.has(supervision?.id ?? '')).toBe(false);
      expect(world.log.filter((line) => line.startsWith('re-INVITE'))).toEqual([]);
      const ended = world.event('supervision.ended');
      told();
      await ended;
      expect(world.room.closed).toBe(true);
    },
  );
});

describe('parties that would not leave the room at once', () => {
  it('leave it when they are connected at last: the room closes', async () => {
    const { world } = await coached();
    world.failures.add('connectDirectly');
    const degraded = world.event('call.degraded');
    await world.switchboard.cancelMonitoring(SUPERVISOR, { leaveCall: true });
    await degraded;
    const released = world.event('room.released');
    world.switchboard.connectedDirectly('call');
    await released;
    expect(world.room.closed).toBe(true);
  });
});

describe('an admission that fails while another supervisor is rung', () => {
  it('takes the parties out of the room again', async () => {
    const world = new World({ severalSupervisors: true });
    world.switchboard.callEstablished(call());
    await world.coach();
    await world.coach({ supervisorDeviceId: OTHER_SUPERVISOR });
    await world.settled();
    world.failures.add('separate');
    const ended = world.event('supervision.ended');
    await world.phone('answers');
    await ended;
    expect(world.ringing).toBe(true);
    expect([...world.room.seated]).toEqual([]);
    expect(world.log.filter((line) => line.startsWith('re-INVITE'))).toEqual([]);
  });
});

describe('a subscription and the calls of its agent', () => {
  it('taken again by a supervisor that stayed in the call: it goes on there with the new operation', async () => {
    const world = new World();
    world.switchboard.callEstablished(call());
    const active = world.event('supervision.active');
    await world.coach({ operation: 'BargeIn' });
    await world.phone('answers');
    const { supervision } = await active;
    await world.switchboard.cancelMonitoring(SUPERVISOR, { leaveCall: false });
    const switched = world.event('supervision.switched');
    await world.coach();
    await switched;
    expect(world.heardBy(supervision.id)).toEqual(['call agent']);
    expect(world.ringing).toBe(false);
  });

  it('accepted while the supervisor is still leaving: it is brought in again', async () => {
    const { world, supervision } = await coached();
    world.slowness = () => 5;
    world.switchboard.supervisorLegEnded(supervision.state.is === 'active' ? supervision.state.legId : '');
    const active = world.event('supervision.active');
    await world.coach({ mode: 'NextCall' });
    await world.phone('answers');
    expect((await active).supervision.id).not.toBe(supervision.id);
    expect(world.switchboard.device(SUPERVISOR).monitoring).toMatchObject({ mode: 'NextCall' });
  });

  it('NextCall is not used up by a join that failed', async () => {
    const world = new World();
    world.failures.add('separate');
    world.switchboard.callEstablished(call());
    const ended = world.event('supervision.ended');
    await world.coach({ mode: 'NextCall' });
    await world.phone('answers');
    await ended;
    expect(world.switchboard.device(SUPERVISOR).monitoring).toMatchObject({ mode: 'NextCall' });
  });

  it('joins the newest of two calls, and the other when that has ended', async () => {
    const world = new World();
    world.switchboard.callEstablished(call('first'));
    world.switchboard.callEstablished(call('second'));
    const active = world.event('supervision.active');
    await world.coach();
    await world.phone('answers');
    expect((await active).supervision.callId).toBe('second');
    const next = world.event('supervision.alerting');
    world.switchboard.callEnded('second');
    expect((await next).supervision.callId).toBe('first');
  });

  it('a call that came while the supervisor was busy in another is offered afterwards', async () => {
    const { world, supervision } = await coached();
    world.switchboard.callEstablished(call('second'));
    const next = world.event('supervision.alerting');
    world.switchboard.supervisorLegEnded(supervision.state.is === 'active' ? supervision.state.legId : '');
    expect((await next).supervision.callId).toBe('second');
  });
});
