import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EventSocketClient } from '../contract/freeswitch/event-socket-client.ts';
import { Lab } from '../support/lab.ts';
import { nothingIsLeft } from '../support/leftovers.ts';

/** More than any test needs. */
const PLENTY = 'fsctl max_sessions 1200';

let lab: Lab;
let console: EventSocketClient;
beforeEach(async () => {
  lab = await Lab.start({ media: { policy: 'always' } });
  const [server] = lab.app.engines.mediaServers;
  console = await EventSocketClient.authenticated(server?.port ?? 0, server?.password);
});
afterEach(async () => {
  await console.api(PLENTY);
  console.close();
  await lab.close();
});

const health = async () => {
  const response = await fetch(`${lab.app.httpUrl}/health`);
  return { http: response.status, ...((await response.json()) as { status: string; media: { reason?: string }[] }) };
};

describe('when the media server is full, a call that should be anchored', () => {
  it('goes on directly; its supervisor comes when there is room', async () => {
    const trio = await lab.trio();
    const { customer, agent, supervisor, oracle } = trio;
    expect(await health()).toMatchObject({ http: 200, status: 'up' });
    await lab.coach();
    await console.api('fsctl max_sessions 3');
    await expect.poll(() => lab.app.media.available).toBe(false);
    const call = await lab.call(trio);
    expect((await lab.event('call.unanchored')).reason).toContain('max-sessions');
    expect(await lab.channels()).toBe(0);
    const found = await health();
    expect(found).toMatchObject({ http: 200, status: 'degraded' });
    expect(found.media[0]?.reason).toContain('max-sessions');
    expect(supervisor.calls).toEqual([]);
    await Promise.all([customer.probe.hears(agent.voice), agent.probe.hears(customer.voice)]);
    await console.api(PLENTY);
    await lab.event('supervision.active');
    await agent.probe.hears([supervisor.voice, customer.voice]);
    await call.hangUp();
    await nothingIsLeft(lab);
    expect(await health()).toMatchObject({ http: 200, status: 'up' });
    oracle.assertNeverHeard('customer', 'supervisor');
  });

  it('is set up whether or not there is room, many at a time, and leaves nothing behind', async () => {
    const { customer } = await lab.trio();
    await console.api('fsctl max_sessions 9');
    await expect.poll(() => lab.app.media.status()[0]?.maxSessions).toBe(9);
    const calls = Array.from({ length: 20 }, () => customer.call(lab.uriOf('5001')));
    await Promise.all(calls.map((call) => call.established()));
    const settled = () => lab.count('room.opened') + lab.count('call.unanchored');
    await expect.poll(settled, { timeout: 20_000 }).toBe(calls.length);
    expect(lab.count('room.opened')).toBeGreaterThan(0);
    expect(lab.count('call.unanchored')).toBeGreaterThan(0);
    await Promise.all(calls.map((call) => call.hangUp()));
    await nothingIsLeft(lab);
  });
});

describe('a media server that an administrator drains', () => {
  it('keeps the call it has, takes no other, and is drained when that is over', async () => {
    const trio = await lab.trio();
    const call = await lab.call(trio);
    await lab.event('room.opened');
    const admin = lab.api('admin');
    const id = lab.app.media.status()[0]?.id ?? '';
    const operate = (operationName: string) => admin.ask('POST', `/admin/media-servers/${id}`, { operationName });
    expect((await operate('Drain')).body).toMatchObject({ mediaServer: { id, state: 'draining', rooms: 1 } });
    const { customer, agent, oracle } = trio;
    await lab.phone('secondAgent', '5002');
    const other = (await lab.phone('secondCustomer')).call(lab.uriOf('5002'));
    await other.established();
    expect((await lab.event('call.unanchored')).reason).toContain('drained');
    await Promise.all([customer.probe.hears(agent.voice), agent.probe.hears(customer.voice)]);
    await Promise.all([call.hangUp(), other.hangUp()]);
    const state = async () => (await admin.ask('GET', `/admin/media-servers/${id}`)).body['mediaServer'];
    await expect.poll(state).toMatchObject({ state: 'drained', rooms: 0 });
    expect((await operate('Undrain')).body).toMatchObject({ mediaServer: { state: 'up' } });
    await nothingIsLeft(lab);
    oracle.assertNeverHeard('customer', 'supervisor');
  });
});
