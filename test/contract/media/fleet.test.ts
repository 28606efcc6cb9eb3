import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DrachtioServer } from '../../../src/embedded/drachtio/server.ts';
import { FreeSwitch, type FreeSwitchOptions } from '../../../src/embedded/freeswitch/freeswitch.ts';
import { Channel } from '../../../src/media/channel.ts';
import type { MediaServerAddress } from '../../../src/media/freeswitch.ts';
import type { MediaPool } from '../../../src/media/media-pool.ts';
import { type Engines, startEngines } from './engines.ts';
import { EventSocketProxy } from './event-socket-proxy.ts';
import { ask, Cast, channelsOn, phone, poolOn } from './stage.ts';

const lines: { msg: string; reason?: string; mediaServer?: string }[] = [];
const log = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line) as { msg: string }) });
const said = (msg: string) => lines.filter((line) => line.msg === msg);

let engines: Engines;
let opened: { close(): Promise<unknown> }[];
beforeEach(async () => {
  lines.length = 0;
  opened = [];
  engines = await startEngines();
});
afterEach(async () => {
  for (const each of opened) await each.close();
  await engines[Symbol.asyncDispose]();
});

const keep = <T extends { close(): Promise<unknown> }>(part: T): T => {
  opened.unshift(part);
  return part;
};
const pool = async (options: Parameters<typeof poolOn>[1] = {}): Promise<MediaPool> =>
  keep(await poolOn(engines, options, log));

/** Another miniature server, of the fleet. */
async function another(
  id: string,
  options: FreeSwitchOptions = {},
): Promise<MediaServerAddress & { server: FreeSwitch }> {
  const server = keep(await FreeSwitch.listen({ password: 'ClueCon', ...options }));
  return { id, host: '127.0.0.1', port: server.eventSocketPort, password: 'ClueCon', server };
}

/** A room with two members, as a call has. */
async function talk(fleet: MediaPool, call: string, lost = vi.fn()) {
  const room = await fleet.openRoom(call, lost);
  await Promise.all([room.prepare('customer', phone(5000)), room.prepare('agent', phone(5002))]);
  await Promise.all([room.admit('customer'), room.admit('agent')]);
  return room;
}

const stateOf = (fleet: MediaPool, id: string) => fleet.status().find((server) => server.id === id);

describe('a fleet of media servers', () => {
  it('is used by load, whoever the sessions are of', async () => {
    const [a, b] = [await another('a'), await another('b')];
    const stranger = await pool({ servers: [a] });
    await talk(stranger, 'call-0');
    const fleet = await pool({ servers: [a, b], limits: { pingMs: 20 } });
    expect(stateOf(fleet, 'a')).toMatchObject({ sessions: 2, maxSessions: 1200, load: 2 / 1200, rooms: 0 });
    await talk(fleet, 'call-1');
    expect(fleet.status().map(({ rooms }) => rooms)).toEqual([0, 1]);
    await expect.poll(() => stateOf(fleet, 'b')?.sessions).toBe(2);
  });

  it('learns of its load by HEARTBEAT as well', async () => {
    const a = await another('a', { heartbeatSeconds: 1 });
    const fleet = await pool({ servers: [a], limits: { pingMs: 60_000 } });
    expect(stateOf(fleet, 'a')?.sessions).toBe(0);
    await talk(await pool({ servers: [a] }), 'call-0');
    await expect.poll(() => stateOf(fleet, 'a')?.sessions, { timeout: 10_000 }).toBe(2);
  });

  it('puts no room on a server that is full, and says so once', async () => {
    const small = await another('small', { maxSessions: 5 });
    const fleet = await pool({ servers: [small], limits: { pingMs: 20 } });
    await talk(fleet, 'call-1');
    for (const call of ['call-2', 'call-3']) {
      await talk(fleet, call).then(
        () => expect.fail('a room in a full server'),
        (error: unknown) =>
          expect(error).toMatchObject({ code: 'unavailable', message: expect.stringContaining('full') as string }),
      );
      await fleet.openRoom(call, vi.fn()).catch(() => undefined);
    }
    expect(fleet.available).toBe(false);
    expect(stateOf(fleet, 'small')?.reason).toContain('max-sessions');
    expect(said('media server takes no rooms for the moment')).toHaveLength(1);
    const large = await another('large');
    const both = await pool({ servers: [small, large] });
    await talk(both, 'call-4');
    expect(stateOf(both, 'large')?.rooms).toBe(1);
  });

  it('leaves a server alone for a moment that has answered 503', async () => {
    const a = await another('a');
    const fleet = await pool({ servers: [a], limits: { pingMs: 60_000 } });
    await ask(a, 'fsctl max_sessions 1');
    const room = await fleet.openRoom('call-1', vi.fn());
    await expect(room.prepare('agent', phone(5000))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('it is full') as string,
    });
    await room.close();
    await expect(fleet.openRoom('call-2', vi.fn())).rejects.toMatchObject({
      message: expect.stringContaining('503') as string,
    });
    await ask(a, 'fsctl max_sessions 100');
    await expect.poll(() => fleet.available, { timeout: 5000 }).toBe(true);
    await talk(fleet, 'call-3');
  });

  it('asks a server for no more sessions a second than it gives', async () => {
    const slow = await another('slow', { sessionsPerSecond: 20 });
    const fleet = await pool({ servers: [slow] });
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => talk(fleet, `call-${n}`)));
    const refusals = outcomes.flatMap((each) => (each.status === 'rejected' ? [String(each.reason)] : []));
    expect(refusals.length).toBeGreaterThan(0);
    expect(refusals.length).toBeLessThan(20);
    for (const refusal of refusals) expect(refusal).toMatch(/sessions-per-second|set-ups have become slow/);
  });

  it('counts a room from the moment it is opened', async () => {
    const slow = await another('slow', { sessionsPerSecond: 20 });
    const fleet = await pool({ servers: [slow], limits: { pingMs: 60_000 } });
    const rooms = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => fleet.openRoom(`call-${n}`, vi.fn())));
    // Two sessions for each, and the last of a second is refused.
    expect(rooms.filter(({ status }) => status === 'fulfilled').length).toBeLessThan(10);
    expect(stateOf(fleet, 'slow')?.sessions).toBeGreaterThan(10);
  });

  it('keeps rooms from a server whose SIP side is dead, and takes it into use again', async () => {
    const a = await another('a');
    const fleet = await pool({ servers: [a], limits: { optionsMs: 50 } });
    const again = vi.fn();
    fleet.whenAvailable(again);
    await ask(a, 'fsctl pause inbound');
    await expect.poll(() => fleet.available).toBe(false);
    expect(stateOf(fleet, 'a')).toMatchObject({ state: 'up', reason: expect.stringContaining('OPTIONS') as string });
    await expect(fleet.openRoom('call-1', vi.fn())).rejects.toMatchObject({ code: 'unavailable' });
    expect(again).not.toHaveBeenCalled();
    await ask(a, 'fsctl resume inbound');
    await vi.waitFor(() => expect(again).toHaveBeenCalledTimes(1));
    await talk(fleet, 'call-2');
  });

  it('says what is wrong with a server: no conference profile', async () => {
    const joined = { memberId: 1, hears: false, speaks: false, profile: 'none' };
    const join = vi.spyOn(Channel.prototype, 'join').mockResolvedValue(joined);
    const fleet = await pool({ servers: [await another('a')], conferenceProfile: 'nosuch' });
    join.mockRestore();
    expect(stateOf(fleet, 'a')).toMatchObject({ state: 'waiting', reason: 'it has no conference profile nosuch' });
  });

  it('that vanishes and returns is two lines in the log, and work again', async () => {
    const first = await another('a');
    const fleet = await pool({ servers: [first] });
    const again = vi.fn();
    fleet.whenAvailable(again);
    await first.server.crash();
    await expect.poll(() => said('media server down, trying again')).toHaveLength(1);
    // Long enough for an attempt or two to be refused.
    await expect.poll(() => stateOf(fleet, 'a')?.reason).toContain('ECONNREFUSED');
    await another('a', { eventSocketPort: first.port });
    await vi.waitFor(() => expect(again).toHaveBeenCalledTimes(1), { timeout: 10_000 });
    expect(lines.map(({ msg }) => msg)).toEqual([
      'media server up',
      'media server down, trying again',
      'media server up',
    ]);
    await talk(fleet, 'call-1');
  });
});

describe('a media server that is drained', () => {
  it('takes no new rooms, and is drained when its last room closes', async () => {
    const [a, b] = [await another('a'), await another('b')];
    const fleet = await pool({ servers: [a, b] });
    const room = await talk(fleet, 'call-1');
    expect(fleet.drain('a', true)).toMatchObject({ id: 'a', state: 'draining', rooms: 1 });
    await talk(fleet, 'call-2');
    await talk(fleet, 'call-3');
    expect(fleet.status().map(({ rooms }) => rooms)).toEqual([1, 2]);
    expect(said('media server drained')).toHaveLength(0);
    await room.close();
    expect(stateOf(fleet, 'a')).toMatchObject({ state: 'drained', rooms: 0 });
    expect(said('media server drained')).toHaveLength(1);
    expect(fleet.drain('a', false)).toMatchObject({ state: 'up' });
    await talk(fleet, 'call-4');
    expect(stateOf(fleet, 'a')?.rooms).toBe(1);
  });

  it('is still drained when it has been away', async () => {
    const first = await another('a');
    const fleet = await pool({ servers: [first] });
    fleet.drain('a', true);
    expect(fleet.available).toBe(false);
    await first.server.crash();
    await expect.poll(() => stateOf(fleet, 'a')?.state).toBe('waiting');
    await another('a', { eventSocketPort: first.port });
    await expect.poll(() => stateOf(fleet, 'a')?.state, { timeout: 10_000 }).toBe('drained');
    await expect(fleet.openRoom('call-1', vi.fn())).rejects.toMatchObject({
      message: expect.stringContaining('drained') as string,
    });
  });

  it('must exist', async () => {
    const fleet = await pool();
    expect(() => fleet.drain('nobody', true)).toThrow('there is no media server nobody');
  });
});

describe('a room that is left behind', () => {
  const conferences = (server: MediaServerAddress) => ask(server, 'conference list');

  it('is found by another process, silenced and cleared, and the customer has heard nobody', async () => {
    const dead = await pool();
    await using cast = await Cast.open();
    const lost = vi.fn();
    const room = await dead.openRoom('call-1', lost);
    await cast.talk(room);
    await cast.coach(room);
    await cast.agent.hears(cast.supervisor.voice);
    const heir = await pool();
    expect(await heir.abandoned((instance) => instance === heir.instance)).toEqual([]);
    const [left, ...others] = await heir.abandoned((instance) => instance === dead.instance);
    expect(others).toEqual([]);
    expect(left).toMatchObject({ instance: dead.instance, callId: 'call-1', members: { length: 3 } });
    await left?.silence();
    // The parties go on hearing each other.
    await cast.agent.hears(cast.customer.voice);
    await left?.clear();
    expect(await conferences(engines.freeswitch)).toContain('No active conferences');
    await expect.poll(() => channelsOn(engines.freeswitch)).toBe(0);
    await vi.waitFor(() => expect(lost).toHaveBeenCalledTimes(1));
    cast.oracle.assertNeverHeard('customer', 'supervisor');
  });

  it('is cleared by its own process, when the server was lost and is back', async () => {
    const proxy = await EventSocketProxy.listen(engines.freeswitch);
    const fleet = await pool({ servers: [{ ...engines.freeswitch, port: proxy.port }] });
    const lost = vi.fn();
    await talk(fleet, 'call-1', lost);
    expect(await conferences(engines.freeswitch)).toContain('call-1');
    proxy.cut();
    await vi.waitFor(() => expect(lost).toHaveBeenCalledTimes(1));
    await expect.poll(() => fleet.available, { timeout: 5000 }).toBe(true);
    expect(await conferences(engines.freeswitch)).not.toContain('call-1');
    await expect.poll(() => channelsOn(engines.freeswitch)).toBe(0);
    await fleet.close();
    await proxy[Symbol.asyncDispose]();
  });

  it('is cleared when its server comes back, though that is full of such rooms, but not those of the unknown', async () => {
    const a = await another('a', { maxSessions: 10 });
    const [dead, stranger] = [await pool({ servers: [a] }), await pool({ servers: [a] })];
    const proxy = await EventSocketProxy.listen(a);
    proxy.fail(/./, 'hang');
    const heir = await pool({ servers: [{ ...a, port: proxy.port }], limits: { setupTimeoutMs: 300 } });
    expect(heir.status()[0]?.state).toBe('waiting');
    await Promise.all([talk(dead, 'call-1'), talk(stranger, 'call-2')]);
    await ask(a, 'fsctl max_sessions 4');
    heir.clearOnConnect(({ instance }) => instance === dead.instance);
    proxy.heal();
    await expect.poll(() => conferences(a), { timeout: 10_000 }).not.toContain('call-1');
    expect(await conferences(a)).toContain('call-2');
    await ask(a, 'fsctl max_sessions 10');
    await expect.poll(() => heir.status()[0]?.state, { timeout: 10_000 }).toBe('up');
    for (const fleet of [heir, stranger, dead]) await fleet.close();
    await proxy[Symbol.asyncDispose]();
  });

  it('is not everybody’s: conferences of others stay', async () => {
    const fleet = await pool();
    await talk(fleet, 'call-1');
    expect(await (await pool()).abandoned(() => false)).toEqual([]);
    expect(await conferences(engines.freeswitch)).toContain('call-1');
  });
});

describe('when drachtio was restarted', () => {
  it('rooms stay, and leave no channel when they close', async () => {
    const secret = 'cymru';
    const first = await DrachtioServer.listen({ secret });
    const { adminPort } = first;
    const fleet = await pool({ drachtio: { host: '127.0.0.1', port: adminPort, secret } });
    const again = vi.fn();
    fleet.whenAvailable(again);
    const lost = vi.fn();
    const room = await talk(fleet, 'call-1', lost);
    await first.close();
    await expect.poll(() => fleet.available).toBe(false);
    keep(await DrachtioServer.listen({ secret, adminPort }));
    await vi.waitFor(() => expect(again).toHaveBeenCalledTimes(1), { timeout: 10_000 });
    expect(lost).not.toHaveBeenCalled();
    expect(await channelsOn(engines.freeswitch)).toBe(2);
    await room.close();
    await expect.poll(() => channelsOn(engines.freeswitch)).toBe(0);
    expect(said('member left without confirmation')).toEqual([]);
    expect(said('connection of the media side to drachtio is down, trying again')).toHaveLength(1);
    await fleet.close();
  });
});
