import { describe, expect, it } from 'vitest';
import { carries } from '../../../src/coaching/audibility.ts';
import { OTHER_SUPERVISOR, SUPERVISOR, World, call, coached } from './world.ts';

const moved = (world: World) => world.log.filter((line) => line.startsWith('re-INVITE'));

describe('a room that is lost under a supervisor', () => {
  it('the two talk directly at once, the phone stays up, and everyone meets again in another room', async () => {
    const { world, supervision } = await coached();
    const legId = supervision.state.is === 'active' ? supervision.state.legId : '';
    const before = world.log.length;
    const interrupted = world.event('supervision.interrupted');
    const resumed = world.event('supervision.resumed');
    world.lose('the media server is gone');
    await expect(interrupted).resolves.toMatchObject({ supervision: { state: { is: 'resuming' } } });
    expect((await resumed).supervision).toEqual(supervision);
    const log = world.log.slice(before);
    expect(log[0]).toBe('connect call customer and call agent');
    expect(log).not.toContain(`hang up ${legId}`);
    const told = log.filter((line) => line.startsWith('re-INVITE'));
    expect(told[0]).toBe(`re-INVITE ${legId}`);
    expect(new Set(told.slice(1))).toEqual(new Set(['re-INVITE call customer', 're-INVITE call agent']));
    expect(log.lastIndexOf('separate')).toBeLessThan(log.indexOf(`unmute ${supervision.id}`));
    expect(world.rooms).toHaveLength(2);
    expect(world.heardBy(supervision.id)).toEqual(['call agent']);
    expect(world.ringing).toBe(false);
    expect(world.types().filter((type) => type === 'supervision.active')).toHaveLength(1);
  });

  it('two supervisors meet in one room again', async () => {
    const { world, supervision } = await coached(new World({ severalSupervisors: true }));
    const active = world.event('supervision.active');
    await world.coach({ supervisorDeviceId: OTHER_SUPERVISOR });
    await world.phone('answers');
    const second = (await active).supervision;
    world.lose('gone');
    await world.settled();
    expect(world.types().filter((type) => type === 'supervision.resumed')).toHaveLength(2);
    expect(world.rooms).toHaveLength(2);
    for (const { id } of [supervision, second]) expect(world.heardBy(id)).toEqual(['call agent']);
  });

  it('no other server: the supervisor is released with a failure, the call goes on, the subscription stays', async () => {
    const { world } = await coached();
    world.available = false;
    const ended = world.event('supervision.ended');
    world.lose('the media server is gone');
    expect((await ended).supervision.state).toMatchObject({ end: { outcome: 'failed', code: 'unavailable' } });
    expect(world.log).toContain('connect call customer and call agent');
    expect(world.log.some((line) => line.startsWith('hang up supervisor leg'))).toBe(true);
    expect(world.switchboard.device(SUPERVISOR).monitoring).toBeDefined();
    expect(world.switchboard.calls()).toHaveLength(1);
  });

  it('a server comes back while it looks for one: it is back in without another call to its phone', async () => {
    const { world, supervision } = await coached();
    world.available = false;
    const resumed = world.event('supervision.resumed');
    world.lose('the media server is gone');
    for (let rounds = 0; rounds < 4; rounds++) await new Promise((resolve) => setImmediate(resolve));
    world.available = true;
    await resumed;
    expect(world.heardBy(supervision.id)).toEqual(['call agent']);
  });

  it('NextCall is not used up by the crash: it is in the call again when there is a server again', async () => {
    const world = new World();
    world.switchboard.callEstablished(call());
    const first = world.event('supervision.active');
    await world.coach({ mode: 'NextCall' });
    await world.phone('answers');
    await first;
    world.available = false;
    const ended = world.event('supervision.ended');
    world.lose('gone');
    await ended;
    world.available = true;
    const again = world.event('supervision.active');
    world.switchboard.mediaAvailable();
    await world.phone('answers');
    await again;
    const over = world.event('monitoring.changed');
    world.switchboard.callEnded('call');
    await expect(over).resolves.toMatchObject({ monitoring: undefined });
  });

  it('isolation that cannot be proved in the other room: out it goes', async () => {
    const { world, supervision } = await coached();
    world.failures.add('separate');
    const ended = world.event('supervision.ended');
    world.lose('gone');
    expect((await ended).supervision.state).toMatchObject({ end: { code: 'isolation-lost' } });
    expect(world.rooms).toHaveLength(2);
    expect(world.room.members.has(supervision.id)).toBe(false);
  });

  it.each(['cancel', 'hangs up', 'call ends'])('%s while it looks for another room: nothing is left', async (what) => {
    const { world, supervision } = await coached();
    world.slowness = () => 3;
    const ended = world.event('supervision.ended');
    world.lose('gone');
    await new Promise((resolve) => setImmediate(resolve));
    if (what === 'cancel') await world.switchboard.cancelMonitoring(SUPERVISOR, { leaveCall: true });
    else if (what === 'call ends') world.switchboard.callEnded('call');
    else world.switchboard.supervisorLegEnded(supervision.state.is === 'active' ? supervision.state.legId : '');
    await ended;
    await world.settled();
    expect(world.rooms.every(({ closed }) => closed)).toBe(true);
    expect(world.types()).not.toContain('supervision.resumed');
  });

  it('another operation meanwhile: it enters the other room with that', async () => {
    const { world, supervision } = await coached();
    const resumed = world.event('supervision.resumed');
    world.lose('gone');
    await world.coach({ operation: 'BargeIn' });
    expect((await resumed).supervision.operation).toBe('BargeIn');
    await world.settled();
    expect(world.heardBy(supervision.id).sort()).toEqual(['call agent', 'call customer']);
  });
});

describe('a room that is lost before the supervisor is in', () => {
  it('while its phone rings: the phone rings on, is not called twice, and joins another room', async () => {
    const world = new World();
    world.switchboard.callEstablished(call());
    await world.coach();
    await world.rings();
    world.lose('gone');
    const active = world.event('supervision.active');
    await world.phone('answers');
    const { supervision } = await active;
    expect(world.heardBy(supervision.id)).toEqual(['call agent']);
    expect(world.types()).not.toContain('supervision.interrupted');
    expect(world.ringing).toBe(false);
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8])('%i turns after its phone answered', async (turns) => {
    const world = new World();
    world.slowness = () => 1;
    world.switchboard.callEstablished(call());
    await world.coach();
    const active = world.event('supervision.active');
    await world.phone('answers');
    for (let n = 0; n < turns; n++) await new Promise((resolve) => setImmediate(resolve));
    world.lose('gone');
    const { supervision } = await active;
    await world.settled();
    expect(world.heardBy(supervision.id)).toEqual(['call agent']);
    expect(world.ringing).toBe(false);
    expect(world.rooms.filter(({ closed }) => !closed)).toHaveLength(1);
  });
});

describe('a media server that has no endpoint to give, beside one that has', () => {
  it('a supervisor comes in by the other', async () => {
    const world = new World();
    world.failures.add('prepare in the first room');
    world.switchboard.callEstablished(call());
    const active = world.event('supervision.active');
    await world.coach();
    await world.phone('answers');
    expect(world.heardBy((await active).supervision.id)).toEqual(['call agent']);
    expect(world.rooms.map(({ closed }) => closed)).toEqual([true, false]);
    expect(moved(world)).toHaveLength(2);
  });

  it('a call that is always anchored is anchored in the other', async () => {
    const world = new World({ alwaysAnchored: true });
    world.failures.add('prepare in the first room');
    const opened = world.event('room.opened');
    world.switchboard.callEstablished(call());
    await opened;
    expect(world.rooms.map(({ closed }) => closed)).toEqual([true, false]);
  });

  it('when none has one it is given up at once, and nothing is left', async () => {
    const world = new World();
    world.failures.add('prepare');
    world.switchboard.callEstablished(call());
    const ended = world.event('supervision.ended');
    await world.coach();
    expect((await ended).supervision.state).toMatchObject({ end: { outcome: 'failed', message: 'prepare failed' } });
    expect(world.rooms.map(({ closed }) => closed)).toEqual([true, true]);
    expect(world.ringing).toBe(false);
  });
});

describe('a supervisor that failed to come in', () => {
  const tried = async (world: World, failing: string) => {
    world.failures.add(failing);
    world.switchboard.callEstablished(call());
    const ended = world.event('supervision.ended');
    await world.coach();
    if (failing !== 'prepare') await world.phone('answers');
    await ended;
    world.failures.clear();
    world.switchboard.mediaAvailable();
    await world.settled();
    return world.ringing;
  };

  it('for want of media is called again when there are some, though a server took rooms when it failed', async () => {
    await expect(tried(new World(), 'prepare')).resolves.toBe(true);
  });

  it('because a phone refused is left in peace', async () => {
    await expect(tried(new World(), 'offer to the customer')).resolves.toBe(false);
  });
});

describe('when there is no media server at all', () => {
  it('a request that had to join a call now is refused and changes nothing', async () => {
    const world = new World();
    world.switchboard.callEstablished(call());
    world.available = false;
    await expect(world.coach()).rejects.toMatchObject({ code: 'unavailable' });
    expect(world.types()).toEqual(['call.established']);
    expect(world.switchboard.device(SUPERVISOR).monitoring).toBeUndefined();
  });

  it('the refusal says what the servers say', async () => {
    const world = new World();
    world.switchboard.callEstablished(call());
    world.available = false;
    world.refusal = 'fs1: it is being drained';
    await expect(world.coach()).rejects.toThrow(/no media server.*fs1: it is being drained/);
  });

  it('a call that has a room is joined there: it needs no other', async () => {
    const world = new World({ alwaysAnchored: true });
    const opened = world.event('room.opened');
    world.switchboard.callEstablished(call());
    await opened;
    world.available = false;
    const active = world.event('supervision.active');
    await world.coach();
    await world.phone('answers');
    expect(world.heardBy((await active).supervision.id)).toEqual(['call agent']);
    expect(world.rooms).toHaveLength(1);
  });

  it.each([
    ['the agent is idle', new World(), false],
    ['it waits for the next call anyway', new World({ intrusion: false }), true],
  ])('a request is armed when %s', async (_name, world, inCall) => {
    world.available = false;
    if (inCall) world.switchboard.callEstablished(call());
    await world.coach();
    expect(world.switchboard.device(SUPERVISOR).monitoring).toBeDefined();
  });

  it('a call that comes goes on uncoached; its supervisor is brought in when there is a server again', async () => {
    const world = new World();
    await world.coach();
    world.available = false;
    const ended = world.event('supervision.ended');
    world.switchboard.callEstablished(call());
    expect((await ended).supervision.state).toMatchObject({ end: { outcome: 'failed', code: 'unavailable' } });
    expect(world.log).toEqual([]);
    world.available = true;
    const active = world.event('supervision.active');
    world.switchboard.mediaAvailable();
    await world.phone('answers');
    const { supervision } = await active;
    expect(world.heardBy(supervision.id)).toEqual(['call agent']);
  });

  it('whoever left the call by its own will is not called again when there is a server again', async () => {
    const { world, supervision } = await coached();
    const ended = world.event('supervision.ended');
    world.switchboard.supervisorLegEnded(supervision.state.is === 'active' ? supervision.state.legId : '');
    await ended;
    world.switchboard.mediaAvailable();
    await world.settled();
    expect(world.ringing).toBe(false);
  });
});

describe('calls that are anchored from their beginning', () => {
  it('are anchored again after their room was lost, with their supervisor', async () => {
    const { world, supervision } = await coached(new World({ alwaysAnchored: true }));
    const resumed = world.event('supervision.resumed');
    world.lose('gone');
    await resumed;
    await world.settled();
    expect(world.rooms.filter(({ closed }) => !closed)).toHaveLength(1);
    expect(world.heardBy(supervision.id)).toEqual(['call agent']);
    await world.switchboard.cancelMonitoring(SUPERVISOR, { leaveCall: true });
    await world.settled();
    expect(world.room.closed).toBe(false);
    expect(carries(world.room.stage, 'call customer', 'call agent')).toBe(true);
  });

  it('without a supervisor too; directly while there is no server', async () => {
    const world = new World({ alwaysAnchored: true });
    const opened = world.event('room.opened');
    world.switchboard.callEstablished(call());
    await opened;
    world.available = false;
    const unanchored = world.event('call.unanchored');
    world.lose('gone');
    await unanchored;
    expect(world.inTheRoom.size).toBe(0);
    world.available = true;
    const again = world.event('room.opened');
    world.switchboard.mediaAvailable();
    await again;
    expect(moved(world)).toHaveLength(4);
    expect(carries(world.room.stage, 'call agent', 'call customer')).toBe(true);
  });

  it('a phone that does not go into a room is asked once, however often there is a media server again', async () => {
    const world = new World({ alwaysAnchored: true });
    world.failures.add('offer to the customer');
    const unanchored = world.event('call.unanchored');
    world.switchboard.callEstablished(call());
    await unanchored;
    for (let times = 0; times < 3; times++) {
      world.switchboard.mediaAvailable();
      await world.settled();
    }
    expect(moved(world)).toEqual(['re-INVITE call agent']);
    expect(world.types()).toEqual(['call.established', 'call.unanchored']);
    expect(world.inTheRoom.size).toBe(0);
  });

  it('a media server that fails is asked again, the phones are left alone meanwhile', async () => {
    const world = new World({ alwaysAnchored: true });
    world.failures.add('admit');
    const unanchored = world.event('call.unanchored');
    world.switchboard.callEstablished(call());
    await unanchored;
    expect(moved(world)).toEqual([]);
    world.failures.clear();
    const opened = world.event('room.opened');
    world.switchboard.mediaAvailable();
    await opened;
    expect(world.inTheRoom.size).toBe(2);
  });
});
