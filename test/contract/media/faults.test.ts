import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Room } from '../../../src/coaching/ports.ts';
import { Channel } from '../../../src/media/channel.ts';
import type { MediaPool } from '../../../src/media/media-pool.ts';
import { type Engines, startEngines } from './engines.ts';
import { EventSocketProxy } from './event-socket-proxy.ts';
import { ask, audioOf, Cast, channelsOn, phone, poolOn } from './stage.ts';

let engines: Engines;
let proxy: EventSocketProxy;
let pool: MediaPool;
let cast: Cast;
let room: Room;
const lost = vi.fn();

beforeEach(async () => {
  lost.mockClear();
  engines = await startEngines();
  proxy = await EventSocketProxy.listen(engines.freeswitch);
  const servers = [{ ...engines.freeswitch, port: proxy.port }];
  pool = await poolOn(engines, { servers, limits: { replyTimeoutMs: 200, setupTimeoutMs: 2000, pingMs: 500 } });
  cast = await Cast.open();
  room = await pool.openRoom('call-1', lost);
  await cast.talk(room);
});
afterEach(async () => {
  proxy.heal();
  await pool.close();
  await expect.poll(() => channelsOn(engines.freeswitch)).toBe(0);
  cast.oracle.assertNeverHeard('customer', 'supervisor');
  await cast[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
  await engines[Symbol.asyncDispose]();
});

const isolationLost = { name: 'EarpieceError', code: 'isolation-lost' };

/** The supervisor's first steps; its mouth is still shut. */
async function supervisorEnters(): Promise<void> {
  await cast.enter(room, cast.supervisor);
}
const separate = () => room.apply([{ type: 'separate', speaker: 'supervisor', listener: 'customer' }]);

describe('isolation is lost when', () => {
  it('a relation is refused', async () => {
    await supervisorEnters();
    proxy.fail(/relate \d+ \d+ nospeak/, { reply: '-ERR relationship 1->2 not found.\n' });
    await expect(separate()).rejects.toMatchObject(isolationLost);
  });

  it('a relation is confirmed but not there', async () => {
    await supervisorEnters();
    const confirmed = (command: string) =>
      command.replace(/^.*relate (\d+) (\d+) nospeak\s+/, '+OK $1->$2 nospeak set\n');
    proxy.fail(/relate \d+ \d+ nospeak/, { reply: confirmed });
    await expect(separate()).rejects.toMatchObject(isolationLost);
  });

  it('a command is answered with something unheard of', async () => {
    proxy.fail(/ mute /, { reply: 'OK\n' });
    await expect(room.apply([{ type: 'mute', member: 'agent' }])).rejects.toMatchObject(isolationLost);
  });

  it('a command is not answered in time', async () => {
    proxy.fail(/ mute /, 'hang', 1);
    await expect(room.apply([{ type: 'mute', member: 'agent' }])).rejects.toMatchObject(isolationLost);
    // The late answer is not taken for that of the next command.
    proxy.heal();
    await room.apply([{ type: 'deafen', member: 'agent' }]);
  });

  it('the member is not in the room', async () => {
    await expect(room.apply([{ type: 'mute', member: 'nobody' }])).rejects.toMatchObject(isolationLost);
    await room.prepare('supervisor', undefined);
    await expect(separate()).rejects.toMatchObject(isolationLost);
  });

  it('FreeSWITCH lets a member in that hears', async () => {
    const joined = { memberId: 9, hears: true, speaks: false, profile: 'lab' };
    const join = vi.spyOn(Channel.prototype, 'join').mockResolvedValueOnce(joined);
    await room.prepare('supervisor', undefined);
    await expect(room.admit('supervisor')).rejects.toMatchObject(isolationLost);
    join.mockRestore();
  });

  it('one of several steps fails, and not before the others are over', async () => {
    proxy.fail(/ mute /, { reply: 'OK\n' });
    const steps = [
      { type: 'mute', member: 'agent' },
      { type: 'deafen', member: 'customer' },
    ] as const;
    await expect(room.apply(steps)).rejects.toMatchObject(isolationLost);
    expect(proxy.commands.filter((command) => / deaf /.test(command))).toHaveLength(1);
    await cast.customer.hearsNo(cast.agent.voice);
  });
});

describe('a member', () => {
  it('that was heard is muted, and ends when the mixer has settled', async () => {
    await cast.coach(room);
    await room.dismiss('supervisor');
    const mute = proxy.commands.findLastIndex((command) => / mute /.test(command));
    const kill = proxy.commands.findLastIndex((command) => /uuid_kill/.test(command));
    // What FreeSWITCH 1.10.12 needs; anything less leaks now and then.
    expect((proxy.times[kill] ?? 0) - (proxy.times[mute] ?? 0)).toBeGreaterThan(60);
  });

  it('that was never heard needs no mute', async () => {
    await supervisorEnters();
    await room.dismiss('supervisor');
    expect(proxy.commands.filter((command) => / mute /.test(command))).toEqual([]);
  });

  it('that is busy is asked again', async () => {
    await supervisorEnters();
    proxy.fail(/relate \d+ \d+ nospeak/, { reply: '-ERR relationship 1->2 not found.\n' }, 2);
    proxy.fail(/ mute /, { reply: '-ERR Non-Existent ID 1\n' }, 2);
    await separate();
    await room.apply([{ type: 'mute', member: 'agent' }]);
    await cast.customer.hearsNo(cast.agent.voice);
  });

  it('whose mute is refused leaves all the same, and at once', async () => {
    await cast.coach(room);
    await cast.agent.hears(cast.supervisor.voice);
    proxy.fail(/ mute /, { reply: 'OK\n' });
    await room.dismiss('supervisor');
    expect(proxy.commands.at(-1)).toMatch(/^api uuid_kill /);
    await expect.poll(() => channelsOn(engines.freeswitch)).toBe(2);
    expect(lost).not.toHaveBeenCalled();
  });

  it('leaves by its BYE when the event socket does not end it', async () => {
    proxy.fail(/uuid_kill/, 'hang');
    await room.dismiss('agent');
    await expect.poll(() => channelsOn(engines.freeswitch)).toBe(1);
  });

  it('is never opened late, on its way out', async () => {
    await supervisorEnters();
    proxy.fail(/ unmute /, { reply: '-ERR Non-Existent ID 3\n' }, 1);
    const opened = room.apply([{ type: 'unmute', member: 'supervisor' }]);
    const dismissed = room.dismiss('supervisor');
    await expect(opened).rejects.toMatchObject(isolationLost);
    await dismissed;
    expect(proxy.commands.filter((command) => / unmute /.test(command))).toHaveLength(3);
  });
});

describe('a room is lost, and says so once, when', () => {
  it('the event socket ends; the server is connected to again', async () => {
    proxy.cut();
    await vi.waitFor(() => expect(lost).toHaveBeenCalled());
    await expect(room.prepare('late', undefined)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(room.apply([{ type: 'mute', member: 'agent' }])).rejects.toMatchObject(isolationLost);
    await room.close();
    await expect.poll(() => pool.status()[0]?.state).toBe('up');
    const next = await pool.openRoom('call-2', vi.fn());
    await next.prepare('agent', phone(cast.agent.port));
    expect(lost).toHaveBeenCalledTimes(1);
  });

  it('the server says what cannot be read', async () => {
    proxy.interject('Content-Type: api/response 100%\n\n');
    await vi.waitFor(() => expect(lost).toHaveBeenCalled());
    expect(lost.mock.calls[0]?.[0]).toContain('made no sense');
  });

  it('the server does not answer any more', async () => {
    proxy.fail(/./, 'hang');
    await vi.waitFor(() => expect(lost).toHaveBeenCalled(), { timeout: 5000 });
  });

  it('a channel is killed', async () => {
    const [[, , channel = ''] = []] = await members();
    await ask(engines.freeswitch, `uuid_kill ${channel}`);
    await vi.waitFor(() => expect(lost).toHaveBeenCalled());
    await room.close();
    expect(lost).toHaveBeenCalledTimes(1);
  });

  it('a member is thrown out of the conference', async () => {
    const [name] = await conferences();
    const [[member = ''] = []] = await members();
    await ask(engines.freeswitch, `conference ${name ?? ''} kick ${member}`);
    await vi.waitFor(() => expect(lost).toHaveBeenCalledTimes(1));
  });
});

describe('a closed room', () => {
  it('loses nobody and leaves nothing', async () => {
    await cast.coach(room);
    await room.close();
    await expect.poll(conferences).toEqual([]);
    expect(lost).not.toHaveBeenCalled();
  });

  it('waits for what is still being made', async () => {
    const other = await pool.openRoom('call-2', vi.fn());
    const preparing = other.prepare('agent', phone(cast.agent.port));
    await other.close();
    expect(audioOf(await preparing).port).toBeGreaterThan(0);
    await expect.poll(() => channelsOn(engines.freeswitch)).toBe(2);
  });
});

/** The members of the only conference: id, channel name, channel id … */
async function members(): Promise<string[][]> {
  const [name] = await conferences();
  const list = await ask(engines.freeswitch, `conference ${name ?? ''} list`);
  return list.split('\n').map((line) => line.split(';'));
}

async function conferences(): Promise<string[]> {
  const list = await ask(engines.freeswitch, 'conference list');
  return [...list.matchAll(/Conference (\S+) \(/g)].map(([, name]) => name ?? '');
}
