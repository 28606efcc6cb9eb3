import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { carries } from '../../../src/coaching/audibility.ts';
import type { DeviceId } from '../../../src/coaching/device.ts';
import type { Mode, Operation } from '../../../src/coaching/monitoring.ts';
import { AGENT, COLLEAGUE, call, SUPERVISOR, World } from './world.ts';

type Act =
  | { readonly do: 'monitor'; readonly operation: Operation; readonly target: DeviceId; readonly mode: Mode }
  | { readonly do: 'cancel'; readonly leaveCall: boolean }
  | { readonly do: 'phone'; readonly outcome: 'answers' | 'busy' }
  | { readonly do: 'supervisor hangs up' | 'wait' | 'settle' }
  | { readonly do: 'lose a room' | 'lose every room' | 'no media servers' | 'media servers' }
  | { readonly do: 'call' | 'end'; readonly agent: DeviceId }
  | { readonly do: 'trouble'; readonly step: 'separate' | 'unmute' | 'offer' | 'offer to the customer' | 'describe' }
  | { readonly do: 'health' };

const agent = fc.constantFrom(AGENT, COLLEAGUE);
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('monitor' as const),
      operation: fc.constantFrom<Operation>('ListenIn', 'Coach', 'BargeIn'),
      target: agent,
      mode: fc.constantFrom<Mode>('AllCalls', 'NextCall'),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('cancel' as const), leaveCall: fc.boolean() }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('phone' as const),
      outcome: fc.constantFrom('answers' as const, 'answers' as const, 'busy' as const),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('supervisor hangs up' as const, 'wait' as const, 'wait' as const, 'settle' as const),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'lose a room' as const,
        'lose a room' as const,
        'lose every room' as const,
        'no media servers' as const,
        'media servers' as const,
      ),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom('call' as const, 'call' as const, 'end' as const), agent }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('trouble' as const),
      step: fc.constantFrom(
        'separate' as const,
        'unmute' as const,
        'offer' as const,
        'offer to the customer' as const,
        'describe' as const,
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('health' as const) }) },
);

const supervisionsOf = (world: World) => world.switchboard.calls().flatMap(({ supervisions }) => supervisions);
const isParty = (member: string) => member.startsWith('call ');

/** What must be true at any moment, whatever goes on: a customer hears no supervisor before one was told to barge in. */
function customersHearNoCoach(world: World, barging: boolean): void {
  for (const room of world.rooms) {
    for (const speaker of room.stage.mouths) {
      if (isParty(speaker)) continue;
      const heard = [...room.seated].filter(
        (listener) => listener.endsWith('customer') && carries(room.stage, speaker, listener),
      );
      // Barging in may be asked for at any time; without that no customer may ever hear any supervisor.
      if (heard.length > 0) expect(barging, `${heard.join()} hears ${speaker}`).toBe(true);
    }
  }
}

/**
 * Two that talk do so directly or both in the room of their call, which is open while there is a supervisor, and only then unless
 * calls are `always` anchored.
 */
function partiesHearEachOther(world: World, always: boolean): void {
  for (const { call: each, supervisions, anchored } of world.switchboard.calls()) {
    const legs = [each.caller.legId, each.callee.legId] as const;
    const inTheRoom = legs.filter((leg) => world.inTheRoom.has(leg));
    expect(inTheRoom.length, `${inTheRoom.join()} alone in a room`).not.toBe(1);
    expect(anchored).toBe(inTheRoom.length === 2);
    if (supervisions.length === 0 && !always) expect(anchored, 'anchored for nobody').toBe(false);
    if (!anchored) continue;
    const room = world.rooms.find(({ closed, seated }) => !closed && legs.every((leg) => seated.has(leg)));
    if (room === undefined) throw new Error('they sit in no open room');
    expect([carries(room.stage, ...legs), carries(room.stage, legs[1], legs[0])]).toEqual([true, true]);
  }
  const supervised = world.switchboard.calls().filter(({ supervisions }) => supervisions.length > 0);
  const needed = always ? world.switchboard.calls() : supervised;
  expect(world.rooms.filter(({ closed }) => !closed).length, 'open rooms').toBeLessThanOrEqual(needed.length);
}

/** What must be true when everything has settled. */
function nothingIsWrong(world: World, stayed: boolean, always: boolean): void {
  partiesHearEachOther(world, always);
  expect(world.calledTwice).toEqual([]);
  const live = supervisionsOf(world);
  expect(live.length).toBeLessThanOrEqual(1);
  for (const { state } of live)
    expect(state.is, 'a supervision that is stuck').toBe(world.ringing ? 'alerting' : 'active');
  const { monitoring } = world.switchboard.device(SUPERVISOR);
  const [supervision] = live;
  if (supervision === undefined) return;
  if (monitoring === undefined) {
    expect(stayed, 'a supervisor is in a call without a subscription').toBe(true);
  } else {
    expect(supervision.agentDeviceId).toBe(monitoring.targetDeviceId);
    expect(supervision.operation, 'the live operation is the one that the device shows').toBe(monitoring.operation);
  }
  if (supervision.state.is !== 'active' || supervision.operation === 'BargeIn') return;
  for (const room of world.rooms) {
    const heard = [...room.seated].filter(
      (listener) => listener.endsWith('customer') && carries(room.stage, supervision.id, listener),
    );
    expect(heard, 'the customer hears a supervisor that does not barge in').toEqual([]);
  }
}

async function play(acts: readonly Act[], slowness: readonly number[], always: boolean): Promise<void> {
  const world = new World({ alwaysAnchored: always });
  let [pauses, calls, stayed, barging] = [0, 0, false, false];
  world.slowness = () => slowness[pauses++ % slowness.length] ?? 0;
  world.onStage = () => customersHearNoCoach(world, barging);
  const refused = () => undefined;
  const newest = (device: DeviceId) =>
    world.switchboard.calls().findLast((each) => each.call.callee.deviceId === device)?.call.id;
  for (const each of acts) {
    switch (each.do) {
      case 'monitor':
        barging ||= each.operation === 'BargeIn';
        void world.coach({ operation: each.operation, targetDeviceId: each.target, mode: each.mode }).catch(refused);
        break;
      case 'cancel':
        stayed ||= !each.leaveCall;
        void world.switchboard.cancelMonitoring(SUPERVISOR, { leaveCall: each.leaveCall }).catch(refused);
        break;
      case 'phone':
        if (world.ringing) await world.phone(each.outcome);
        break;
      case 'supervisor hangs up':
        for (const { state } of supervisionsOf(world)) if ('legId' in state) world.phoneHangsUp(state.legId);
        break;
      case 'lose a room':
        world.lose('gone');
        break;
      case 'lose every room':
        for (const room of world.rooms) room.lose('gone');
        break;
      case 'no media servers':
        world.available = false;
        break;
      case 'media servers':
        if (!world.available) {
          world.available = true;
          world.switchboard.mediaAvailable();
        }
        break;
      case 'call':
        world.switchboard.callEstablished(call(`call ${++calls}`, each.agent));
        break;
      case 'end': {
        const ending = newest(each.agent);
        if (ending !== undefined) world.switchboard.callEnded(ending);
        break;
      }
      case 'trouble':
        world.failures.add(each.step);
        break;
      case 'health':
        world.failures.clear();
        break;
      case 'settle':
        await world.settled();
        nothingIsWrong(world, stayed, always);
        break;
      case 'wait':
        await new Promise((resolve) => setImmediate(resolve));
        break;
    }
  }
  while (world.ringing) await world.phone('answers');
  await world.settled();
  nothingIsWrong(world, stayed, always);
  for (const { call: each } of world.switchboard.calls()) world.switchboard.callEnded(each.id);
  await world.settled();
  expect(supervisionsOf(world)).toEqual([]);
  expect(world.rooms.filter((room) => !room.closed)).toEqual([]);
}

describe('any sequence of what people and servers do', () => {
  it('keeps coaches from customers, shows what is so, and leaves nothing behind', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(act, { minLength: 3, maxLength: 25 }),
        fc.array(fc.nat(8), { minLength: 1, maxLength: 5 }),
        fc.boolean(),
        play,
      ),
      { numRuns: Number(process.env['EARPIECE_SEQUENCES'] ?? 300) },
    );
  });
});
