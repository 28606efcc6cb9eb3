import { describe, expect, it } from 'vitest';
import { carries } from '../../../src/coaching/audibility.ts';
import type { MonitoringState } from '../../../src/coaching/monitoring.ts';
import { LocalMonitorings } from '../../../src/store/local-monitorings.ts';
import { memoryStore } from '../../../src/store/memory-store.ts';
import { AGENT, COLLEAGUE, OTHER_SUPERVISOR, SUPERVISOR, World, call, coached } from './world.ts';

describe('bringing a supervisor in', () => {
  it('joins a call in progress: separated first, then ears, then the mouth', async () => {
    const { world, supervision } = await coached();
    const everyone = [supervision.id, 'call agent', 'call customer'];
    const phase = (from: number, to: number) => new Set(world.log.slice(from, to));
    expect(phase(0, 3)).toEqual(new Set(everyone.map((member) => `admit ${member}`)));
    expect(world.log[3]).toBe('separate');
    expect(phase(4, 7)).toEqual(new Set(everyone.map((member) => `undeafen ${member}`)));
    expect(phase(7, 10)).toEqual(new Set(everyone.map((member) => `unmute ${member}`)));
    expect(phase(10, 12)).toEqual(new Set(['re-INVITE call customer', 're-INVITE call agent']));
    expect(world.heardBy(supervision.id)).toEqual(['call agent']);
  });

  it('waits for the next call when it is armed first', async () => {
    const world = new World();
    await world.coach();
    expect(world.types()).toEqual(['monitoring.changed']);
    const active = world.event('supervision.active');
    world.switchboard.callEstablished(call());
    await world.phone('answers');
    await expect(active).resolves.toMatchObject({ supervision: { callId: 'call', operation: 'Coach' } });
  });

  it('waits for the next call when intrusion is off', async () => {
    const world = new World({ intrusion: false });
    world.switchboard.callEstablished(call());
    await world.coach();
    expect(world.types()).not.toContain('supervision.alerting');
    world.switchboard.callEnded('call');
    world.switchboard.callEstablished(call('next'));
    await world.rings();
  });

  it('leaves the parties alone until the supervisor has answered', async () => {
    const world = new World();
    world.switchboard.callEstablished(call());
    await world.coach();
    await world.rings();
    expect(world.log).toEqual([]);
  });

  it('passes offers of the parties on while it rings, and to the room once it is joined', async () => {
    const world = new World();
    world.switchboard.callEstablished(call());
    await world.coach();
    await world.rings();
    const direct = await world.switchboard.offerReceived('call', 'call agent', 'hold');
    expect(direct).toBe('answer of call customer');
    const active = world.event('supervision.active');
    await world.phone('answers');
    await active;
    const anchored = await world.switchboard.offerReceived('call', 'call agent', 'hold');
    expect(anchored).toBe('call agent of hold');
  });
});

describe('an offer that was withdrawn before its turn came', () => {
  it('changes nothing', async () => {
    const world = new World();
    world.switchboard.callEstablished(call());
    const withdrawal = new AbortController();
    const answer = world.switchboard.offerReceived('call', 'call agent', 'hold', withdrawal.signal);
    withdrawal.abort();
    await expect(answer).rejects.toMatchObject({ code: 'invalid-state' });
    expect(world.log).toEqual([]);
  });
});

describe('a supervisor that does not come', () => {
  it.each(['busy', 'no-answer', 'declined', 'unreachable'] as const)(
    '%s: the call is untouched, AllCalls stays armed',
    async (outcome) => {
      const world = new World();
      world.switchboard.callEstablished(call());
      const ended = world.event('supervision.ended');
      await world.coach();
      await world.phone(outcome);
      expect((await ended).supervision.state).toEqual({ is: 'ended', end: { outcome } });
      expect(world.log.filter((line) => line.startsWith('re-INVITE'))).toEqual([]);
      expect(world.room.closed).toBe(true);
      expect(world.switchboard.device(SUPERVISOR).monitoring).toBeDefined();
    },
  );

  it('cancelled while its phone rings', async () => {
    const world = new World();
    world.switchboard.callEstablished(call());
    await world.coach();
    await world.rings();
    const ended = world.event('supervision.ended');
    await world.switchboard.cancelMonitoring(SUPERVISOR, { leaveCall: true });
    expect((await ended).supervision.state).toEqual({ is: 'ended', end: { outcome: 'cancelled' } });
    expect(world.switchboard.device(SUPERVISOR).monitoring).toBeUndefined();
  });

  it('no media server: the call is untouched and the failure is told', async () => {
    const world = new World();
    world.failures.add('openRoom');
    world.switchboard.callEstablished(call());
    const ended = world.event('supervision.ended');
    await world.coach();
    expect((await ended).supervision.state).toMatchObject({ end: { outcome: 'failed', code: 'unavailable' } });
    expect(world.log).toEqual([]);
  });
});

describe('a supervisor that leaves', () => {
  it('by its own hang-up: the parties get their direct media back, the subscription stays armed', async () => {
    const { world, supervision } = await coached();
    const legId = supervision.state.is === 'active' ? supervision.state.legId : '';
    const ended = world.event('supervision.ended');
    world.switchboard.supervisorLegEnded(legId);
    await ended;
    expect(world.log.slice(-5).filter((line) => !line.startsWith('hang up'))).toEqual([
      `mute ${supervision.id}`,
      `deafen ${supervision.id}`,
      `dismiss ${supervision.id}`,
      'connect call customer and call agent',
    ]);
    expect(world.room.closed).toBe(true);
    expect(world.types()).toContain('room.released');
    expect(world.switchboard.device(SUPERVISOR).monitoring).toBeDefined();
  });

  it('with NextCall: the subscription is over', async () => {
    const world = new World();
    world.switchboard.callEstablished(call());
    const active = world.event('supervision.active');
    await world.coach({ mode: 'NextCall' });
    await world.phone('answers');
    await active;
    const changed = world.event('monitoring.changed');
    world.switchboard.callEnded('call');
    await expect(changed).resolves.toMatchObject({ monitoring: undefined });
    expect(world.switchboard.device(SUPERVISOR).monitoring).toBeUndefined();
  });

  it('when cancelled with leaveCall false it stays until it hangs up', async () => {
    const { world, supervision } = await coached();
    await world.switchboard.cancelMonitoring(SUPERVISOR, { leaveCall: false });
    expect(world.heardBy(supervision.id)).toEqual(['call agent']);
    expect(world.switchboard.device(SUPERVISOR).monitoring).toBeUndefined();
  });

  it('with AllCalls it is rung for the next call', async () => {
    const { world } = await coached();
    const ended = world.event('supervision.ended');
    world.switchboard.callEnded('call');
    await ended;
    world.switchboard.callEstablished(call('second'));
    const active = world.event('supervision.active');
    await world.phone('answers');
    await expect(active).resolves.toMatchObject({ supervision: { callId: 'second' } });
  });

  it('parties that cannot be reconnected stay in the room', async () => {
    const { world, supervision } = await coached();
    world.failures.add('connectDirectly');
    const degraded = world.event('call.degraded');
    await world.switchboard.cancelMonitoring(SUPERVISOR, { leaveCall: true });
    await degraded;
    expect(world.room.closed).toBe(false);
    expect(world.room.members).toEqual(new Set(['call customer', 'call agent']));
    expect(world.heardBy(supervision.id)).toEqual([]);
  });

  it('parties that stayed in the room are moved into it again for the next supervisor, and asked again when it leaves', async () => {
    const { world } = await coached();
    world.failures.add('connectDirectly');
    const degraded = world.event('call.degraded');
    await world.switchboard.cancelMonitoring(SUPERVISOR, { leaveCall: true });
    await degraded;
    const before = world.log.length;
    await world.coach();
    const active = world.event('supervision.active');
    await world.phone('answers');
    const { supervision } = await active;
    expect(world.log.slice(before)).toEqual(
      expect.arrayContaining(['re-INVITE call customer', 're-INVITE call agent']),
    );
    expect(world.heardBy(supervision.id)).toEqual(['call agent']);
    world.failures.clear();
    const released = world.event('room.released');
    await world.switchboard.cancelMonitoring(SUPERVISOR, { leaveCall: true });
    await released;
    expect(world.room.closed).toBe(true);
  });
});

describe('when isolation cannot be proved', () => {
  it.each(['separate', 'undeafen', 'unmute', 'admit', 'describe', 'offer'] as const)(
    '%s fails: the supervisor is out and was never heard by the customer',
    async (step) => {
      const world = new World();
      const overheard: string[] = [];
      world.onStage = (stage) => {
        for (const speaker of stage.mouths) {
          if (!speaker.startsWith('call ') && carries(stage, speaker, 'call customer')) overheard.push(speaker);
        }
      };
      world.switchboard.callEstablished(call());
      await world.coach();
      await world.rings();
      world.failures.add(step);
      const ended = world.event('supervision.ended');
      await world.phone('answers');
      const { supervision } = await ended;
      expect(supervision.state).toMatchObject({ is: 'ended', end: { outcome: 'failed' } });
      expect(overheard).toEqual([]);
      expect(world.room.members.has(supervision.id)).toBe(false);
      expect(world.types()).not.toContain('supervision.active');
    },
  );

  it('a switch that is not confirmed ends the supervision', async () => {
    const { world, supervision } = await coached();
    await world.coach({ operation: 'BargeIn' });
    await world.event('supervision.switched');
    expect(world.heardBy(supervision.id).sort()).toEqual(['call agent', 'call customer']);
    world.failures.add('separate');
    const ended = world.event('supervision.ended');
    await world.coach({ operation: 'Coach' });
    expect((await ended).supervision.state).toMatchObject({ end: { code: 'isolation-lost' } });
    expect(world.room.members.has(supervision.id)).toBe(false);
  });
});

describe('a call that is anchored from its beginning', () => {
  it('stays so when its supervisor comes and goes, without another re-INVITE', async () => {
    const world = new World({ alwaysAnchored: true });
    const opened = world.event('room.opened');
    world.switchboard.callEstablished(call());
    await opened;
    expect(carries(world.room.stage, 'call customer', 'call agent')).toBe(true);
    const active = world.event('supervision.active');
    await world.coach();
    await world.phone('answers');
    const { supervision } = await active;
    expect(world.heardBy(supervision.id)).toEqual(['call agent']);
    const ended = world.event('supervision.ended');
    await world.switchboard.cancelMonitoring(SUPERVISOR, { leaveCall: true });
    await ended;
    expect(world.log.filter((line) => line.startsWith('re-INVITE'))).toHaveLength(2);
    expect(world.room.closed).toBe(false);
  });

  it('goes on directly when no media server is there', async () => {
    const world = new World({ alwaysAnchored: true });
    world.failures.add('openRoom');
    const unanchored = world.event('call.unanchored');
    world.switchboard.callEstablished(call());
    await unanchored;
    expect(world.log).toEqual([]);
  });
});

describe('what is refused changes nothing', () => {
  it.each([
    ['an unknown supervisor', { supervisorDeviceId: 'x' }, 'not-found'],
    ['an unknown target', { targetDeviceId: 'x' }, 'not-found'],
    ['oneself', { targetDeviceId: SUPERVISOR }, 'invalid-request'],
  ])('%s', async (_name, changes, code) => {
    const world = new World();
    await expect(world.coach(changes)).rejects.toMatchObject({ code });
    expect(world.events).toEqual([]);
    expect(world.switchboard.device(SUPERVISOR).monitoring).toBeUndefined();
  });

  it('a target that another supervisor holds', async () => {
    const world = new World();
    await world.coach();
    await expect(world.coach({ supervisorDeviceId: OTHER_SUPERVISOR })).rejects.toMatchObject({
      code: 'already-monitored',
    });
    expect(world.types()).toEqual(['monitoring.changed']);
  });

  it('two supervisors at once: one gets the agent', async () => {
    const world = new World();
    const both = await Promise.allSettled([world.coach(), world.coach({ supervisorDeviceId: OTHER_SUPERVISOR })]);
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  });

  it('a cancel of nothing', async () => {
    const world = new World();
    await expect(world.switchboard.cancelMonitoring(SUPERVISOR, { leaveCall: true })).rejects.toMatchObject({
      code: 'invalid-state',
    });
  });

  it('what the store could not keep has not happened', async () => {
    const world = new World();
    world.failures.add('take');
    await expect(world.coach()).rejects.toMatchObject({ code: 'unavailable' });
    expect(world.events).toEqual([]);
    expect(world.switchboard.device(SUPERVISOR).monitoring).toBeUndefined();
  });
});

describe('several at once', () => {
  it('another target: the supervisor leaves the first call and joins the second', async () => {
    const { world, supervision } = await coached();
    world.switchboard.callEstablished(call('second', COLLEAGUE));
    const active = world.event('supervision.active');
    await world.coach({ targetDeviceId: COLLEAGUE });
    await world.phone('answers');
    await expect(active).resolves.toMatchObject({ supervision: { callId: 'second', agentDeviceId: COLLEAGUE } });
    expect(world.log).toContain(`dismiss ${supervision.id}`);
  });

  it('two supervisors of one agent do not hear each other coach; the room lives until both have left', async () => {
    const { world, supervision } = await coached(new World({ severalSupervisors: true }));
    const active = world.event('supervision.active');
    await world.coach({ supervisorDeviceId: OTHER_SUPERVISOR });
    await world.phone('answers');
    const second = (await active).supervision;
    expect(world.heardBy(supervision.id)).toEqual(['call agent']);
    expect(world.heardBy(second.id)).toEqual(['call agent']);
    const ended = world.event('supervision.ended');
    await world.switchboard.cancelMonitoring(SUPERVISOR, { leaveCall: true });
    await ended;
    expect(world.room.closed).toBe(false);
    await world.switchboard.cancelMonitoring(OTHER_SUPERVISOR, { leaveCall: true });
    await world.event('supervision.ended');
    expect(world.room.closed).toBe(true);
    expect(world.rooms).toHaveLength(1);
  });

  it('brings subscriptions back from the store', async () => {
    const first = new World();
    await first.coach();
    const kept: MonitoringState[] = [];
    first.store.monitorings.follow(({ state }) => kept.push(state));
    const store = memoryStore();
    const monitorings = new LocalMonitorings(
      store.siblings.self,
      kept.filter((state) => state.is !== 'none'),
    );
    const second = new World({}, { ...store, monitorings });
    second.switchboard.callEstablished(call());
    await second.rings();
    expect(second.switchboard.device(SUPERVISOR).monitoring).toMatchObject({ targetDeviceId: AGENT });
  });
});
