import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { NotificationClient } from '../contract/cometd/client.ts';
import { AGENT, type Changes, Lab, SUPERVISOR, type Trio } from '../support/lab.ts';
import { nothingIsLeft, serversAreUp } from '../support/leftovers.ts';
import { mediaOf, MediaServerProcess } from '../support/media-server-process.ts';
import { seededRandom } from '../support/random.ts';

const SEED = Number(process.env['EARPIECE_SEED'] ?? Date.now() % 1_000_000);
const KILLS = Number(process.env['EARPIECE_KILLS'] ?? 6);

/** Two media servers, each in a process of its own. What a test has killed or frozen is there again for the next. */
let fleet: MediaServerProcess[] = [];
beforeAll(async () => {
  fleet = await Promise.all([MediaServerProcess.start(), MediaServerProcess.start()]);
}, 60_000);
afterAll(() => Promise.all(fleet.map((server) => server[Symbol.asyncDispose]())));

let lab: Lab;
let trio: Trio;
async function start(changes: Changes['media'] = {}) {
  lab = await Lab.start({ media: { ...mediaOf(fleet), ...changes } });
  trio = await lab.trio();
}
beforeEach(() => start(), 60_000);
afterEach(async () => {
  await lab.close();
  for (const server of fleet) await server.revive();
}, 60_000);

/** The server that has the room of the one call. */
function holder(): MediaServerProcess {
  const { id } = lab.app.media.status().find(({ rooms, state }) => rooms > 0 && state === 'up') ?? {};
  const server = fleet.find(({ address }) => address.id === id);
  if (server === undefined) throw new Error('no server has a room');
  return server;
}

async function coached() {
  const call = await lab.call(trio);
  await lab.coach();
  await lab.event('supervision.active');
  await trio.agent.probe.hears(trio.supervisor.voice);
  return call;
}

async function talk(frames = 25) {
  const { customer, agent } = trio;
  await Promise.all([customer.probe.hears(agent.voice, { frames }), agent.probe.hears(customer.voice, { frames })]);
}

/** From now on the two hear each other without a server in between. */
async function talkDirectly() {
  const { customer, agent } = trio;
  await talk(10);
  const newest = (phone: Trio['agent']) => phone.probe.received.slice(-5).map(({ source }) => source);
  expect(new Set(newest(customer))).toEqual(new Set([`127.0.0.1:${agent.probe.port}`]));
  expect(new Set(newest(agent))).toEqual(new Set([`127.0.0.1:${customer.probe.port}`]));
}

/** Coaching goes on: the agent hears both, the supervisor too, and the supervisor's phone has not been called again. */
async function coachingGoesOn(calls = 1) {
  const { customer, agent, supervisor } = trio;
  await Promise.all([
    agent.probe.hears([supervisor.voice, customer.voice], { frames: 10 }),
    supervisor.probe.hears([agent.voice, customer.voice], { frames: 10 }),
    customer.probe.hears(agent.voice, { frames: 25 }),
  ]);
  expect(supervisor.calls).toHaveLength(calls);
}

describe('the media server of a coached call', () => {
  it.each<[string, (server: MediaServerProcess) => unknown, (server: MediaServerProcess) => unknown]>([
    ['is killed', (server) => server.kill(), (server) => server.restart()],
    ['freezes', (server) => server.freeze(), (server) => server.thaw()],
  ])('%s: the call goes on, coaching resumes by itself on the other one', async (_what, strike, heal) => {
    const call = await coached();
    await using client = await NotificationClient.connect(lab.app.httpUrl, 'supervisor');
    const struck = holder();
    await strike(struck);
    await lab.event('room.lost');
    await lab.event('supervision.interrupted');
    expect((await lab.event('supervision.resumed')).supervision).toMatchObject({ operation: 'Coach' });
    expect(holder()).not.toBe(struck);
    await coachingGoesOn();
    const states = ['Held', 'Established'].map((state) =>
      client.told('/v2/me/calls', ({ call: told }) => (told as { state?: string } | undefined)?.state === state),
    );
    await Promise.all(states);
    expect(lab.app.switchboard.device(SUPERVISOR).monitoring).toBeDefined();
    await heal(struck);
    await talk(50);
    await lab.cancel();
    await lab.event('room.released');
    await talkDirectly();
    expect(call.state).toBe('established');
    await call.hangUp();
    await nothingIsLeft(lab);
    trio.oracle.assertNeverHeard('customer', 'supervisor');
  });

  it('is killed, and there is no other: it is started again: the supervisor is in again', async () => {
    const call = await coached();
    const [only, other] = [holder(), fleet.find((server) => server !== holder())];
    await other?.kill();
    await only.kill();
    await talkDirectly();
    await only.restart();
    // A real one takes longer to start than a supervisor waits in silence, on a slow machine: then its phone is called again.
    const { agent, supervisor } = trio;
    await agent.probe.hears(supervisor.voice, { frames: 10, within: 30_000 });
    await coachingGoesOn(supervisor.calls.length);
    await call.hangUp();
    await other?.restart();
    await nothingIsLeft(lab);
    trio.oracle.assertNeverHeard('customer', 'supervisor');
  });

  it('is killed while the supervisor leaves', async () => {
    const call = await coached();
    const leaving = lab.cancel();
    await holder().kill();
    await leaving;
    await lab.event('supervision.ended');
    await talkDirectly();
    expect(lab.count('supervision.resumed')).toBe(0);
    await call.hangUp();
    trio.oracle.assertNeverHeard('customer', 'supervisor');
  });

  it(`is killed at any moment while the supervisor comes in (EARPIECE_SEED=${SEED})`, {
    timeout: 300_000,
  }, async () => {
    const random = seededRandom(SEED);
    const { agent, supervisor } = trio;
    const call = await lab.call(trio);
    for (let round = 0; round < KILLS; round++) {
      await serversAreUp(lab);
      await lab.coach();
      await lab.event('supervision.alerting', { skip: round });
      // Its first word to the phone comes some 10 ms later, the last step 30 more: the blow falls before, between and after.
      await new Promise((resolve) => setTimeout(resolve, random() * 60));
      const struck = lab.app.media.status().some(({ rooms, state }) => rooms > 0 && state === 'up')
        ? holder()
        : fleet[round % 2];
      await struck?.kill();
      await agent.probe.hears(supervisor.voice, { frames: 10 });
      expect(supervisor.calls).toHaveLength(round + 1);
      await struck?.restart();
      await lab.cancel();
      await lab.event('supervision.ended', { skip: round });
      await talkDirectly();
    }
    expect(call.state).toBe('established');
    await call.hangUp();
    await nothingIsLeft(lab);
    trio.oracle.assertNeverHeard('customer', 'supervisor');
  });
});

describe('all media servers die', () => {
  it('the call goes on, Coach is refused clearly, monitoring stays armed, and works again by itself', {
    timeout: 120_000,
  }, async () => {
    const call = await coached();
    await using client = await NotificationClient.connect(lab.app.httpUrl, 'supervisor');
    await Promise.all(fleet.map((server) => server.kill()));
    await talkDirectly();
    const { supervision } = await lab.event('supervision.ended', { within: 30_000 });
    expect(supervision.state).toMatchObject({ end: { outcome: 'failed', code: 'unavailable' } });
    const told = await client.told('/v2/me/devices', ({ statusCode }) => statusCode !== undefined);
    expect(told.data).toMatchObject({ statusCode: 4, devices: [{ supervisorMonitoringState: { state: 'Coach' } }] });
    const path = `/api/v2/me/devices/${SUPERVISOR}`;
    const coach = { operationName: 'ListenIn', targetDeviceUri: lab.api().deviceUri(AGENT) };
    const refused = await lab.api().ask('POST', path, coach);
    expect(refused).toMatchObject({ status: 503, body: { statusCode: 4 } });
    expect(lab.app.switchboard.device(SUPERVISOR).monitoring).toMatchObject({ operation: 'Coach' });
    await talkDirectly();
    await fleet[0]?.restart();
    await lab.event('supervision.active', { skip: 1, within: 30_000 });
    await coachingGoesOn(2);
    expect(call.state).toBe('established');
    await call.hangUp();
    await fleet[1]?.restart();
    await nothingIsLeft(lab);
    trio.oracle.assertNeverHeard('customer', 'supervisor');
  });
});

describe('calls that are anchored from their beginning', () => {
  beforeEach(async () => {
    await lab.close();
    await start({ policy: 'always' });
  });

  it('are anchored on the other server when theirs dies', async () => {
    const call = await lab.call(trio);
    await lab.event('room.opened');
    await holder().kill();
    await lab.event('room.opened', { skip: 1 });
    await talk();
    const sources = new Set(trio.customer.probe.received.slice(-5).map(({ source }) => source));
    expect(sources).not.toContain(`127.0.0.1:${trio.agent.probe.port}`);
    await call.hangUp();
  });
});
