import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Room } from '../../../src/coaching/ports.ts';
import { Channel } from '../../../src/media/channel.ts';
import type { MediaPool } from '../../../src/media/media-pool.ts';
import { type Engines, startEngines } from './engines.ts';
import { audioOf, Cast, channelsOn, phone, poolOn } from './stage.ts';

let engines: Engines;
let pool: MediaPool;
let cast: Cast;
let room: Room;
const lost = vi.fn();

beforeAll(async () => {
  engines = await startEngines();
  pool = await poolOn(engines);
});
afterAll(async () => {
  await pool.close();
  await engines[Symbol.asyncDispose]();
});
beforeEach(async () => {
  lost.mockClear();
  cast = await Cast.open();
  room = await pool.openRoom('call-1', lost);
});
afterEach(async () => {
  await room.close();
  await cast[Symbol.asyncDispose]();
  expect(lost).not.toHaveBeenCalled();
  // FreeSWITCH's own list of channels runs a little behind.
  await expect.poll(() => channelsOn(engines.freeswitch)).toBe(0);
});

describe('a room', () => {
  it('sends nothing to a phone that is prepared, nor to one that is admitted, until it is described', async () => {
    const { customer } = cast;
    customer.sendTo(audioOf(await room.prepare('customer', phone(customer.port))));
    await customer.receivesNothingFor(150);
    await room.admit('customer');
    await room.apply([{ type: 'undeafen', member: 'customer' }]);
    await customer.receivesNothingFor(150);
    await room.describe('customer', phone(customer.port));
    await customer.receives(3);
  });

  it('lets everyone in deaf and mute', async () => {
    const { customer, agent, supervisor, oracle } = cast;
    await Promise.all([customer, agent, supervisor].map((probe) => cast.enter(room, probe)));
    await Promise.all([customer, agent, supervisor].map((probe) => probe.receives(15)));
    for (const listener of [customer, agent, supervisor]) {
      for (const speaker of [customer, agent, supervisor]) oracle.assertNeverHeard(listener.name, speaker.name);
    }
  });

  it('carries the whisper to the agent alone, and both parties to the supervisor', async () => {
    const { customer, agent, supervisor, oracle } = cast;
    await cast.talk(room);
    await Promise.all([customer.hears(agent.voice), agent.hears(customer.voice)]);
    await cast.coach(room);
    await agent.hears([customer.voice, supervisor.voice], { frames: 10 });
    await supervisor.hears([customer.voice, agent.voice], { frames: 10 });
    await customer.hears(agent.voice, { frames: 10 });
    oracle.assertNeverHeard('customer', 'supervisor');
  });

  it('takes what it has given: mute, deaf, and a pair reunited and separated again', async () => {
    const { customer, agent, supervisor } = cast;
    await cast.talk(room);
    await cast.coach(room);
    await agent.hears(supervisor.voice);
    await room.apply([{ type: 'reunite', speaker: 'supervisor', listener: 'customer' }]);
    await customer.hears(supervisor.voice);
    await room.apply([{ type: 'separate', speaker: 'supervisor', listener: 'customer' }]);
    await customer.hearsNo(supervisor.voice);
    await agent.hears(supervisor.voice);
    await room.apply([{ type: 'mute', member: 'supervisor' }]);
    await agent.hearsNo(supervisor.voice);
    await room.apply([{ type: 'deafen', member: 'agent' }]);
    await agent.hearsNo(customer.voice);
  });

  it('keeps the whisper from the customer while the supervisor comes and goes', async () => {
    const { agent, customer, supervisor, oracle } = cast;
    const cycles = engines.real ? 120 : 12;
    await cast.talk(room);
    for (let cycle = 0; cycle < cycles; cycle++) {
      await cast.coach(room);
      await agent.hears(supervisor.voice, { frames: 1 });
      await room.dismiss('supervisor');
    }
    await customer.hears(agent.voice, { frames: 10 });
    oracle.assertNeverHeard('customer', 'supervisor');
    oracle.assertHeard('agent', 'supervisor', cycles);
  }, 120_000);

  it('keeps the whisper from the customer when a call ends in the middle of it', async () => {
    const { agent, supervisor, oracle } = cast;
    for (let cycle = 0; cycle < (engines.real ? 40 : 4); cycle++) {
      const other = await pool.openRoom(`call-${cycle}`, lost);
      await cast.talk(other);
      await cast.coach(other);
      await agent.hears(supervisor.voice, { frames: 1 });
      await other.close();
    }
    oracle.assertNeverHeard('customer', 'supervisor');
  }, 120_000);

  it('offers a supervisor all it speaks, and follows the codec of the answer', async () => {
    const { agent, supervisor } = cast;
    await cast.talk(room);
    const offer = await room.prepare('supervisor', undefined);
    expect(offer).toMatch(/^m=audio \d+ RTP\/AVP 0 8 101\r$/m);
    expect(offer).toContain('a=ptime:20');
    supervisor.codec = 'PCMA';
    supervisor.sendTo(audioOf(offer));
    await room.describe('supervisor', phone(supervisor.port, { codecs: ['8 PCMA'] }));
    await room.admit('supervisor');
    await room.apply([{ type: 'undeafen', member: 'supervisor' }]);
    await room.apply([{ type: 'unmute', member: 'supervisor' }]);
    await Promise.all([agent.hears(supervisor.voice), supervisor.hears(agent.voice)]);
    expect(supervisor.received.every(({ payloadType }) => payloadType === 8)).toBe(true);
  });

  it('keeps the codec of a party and refuses its video', async () => {
    const video = 'm=video 4000 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n';
    const remote = phone(cast.customer.port, { codecs: ['8 PCMA', '0 PCMU'], more: video });
    const offer = await room.prepare('customer', remote);
    expect(offer).toMatch(/^m=audio \d+ RTP\/AVP 8 101\r$/m);
    expect(offer).toMatch(/^m=video 0 RTP\/AVP 96\r$/m);
    expect(await room.describe('customer', remote)).toMatch(/^m=audio \d+ RTP\/AVP 8 101\r$/m);
  });

  it('follows a phone to hold, back, and to another port', async () => {
    const { customer, agent } = cast;
    await cast.talk(room);
    await customer.hears(agent.voice);
    const held = await room.describe('customer', phone(customer.port, { direction: 'sendonly' }));
    expect(held).toContain('a=recvonly');
    await customer.receivesNothingFor(150);
    const resumed = await room.describe('customer', phone(customer.port));
    expect(resumed).toContain('a=sendrecv');
    await customer.hears(agent.voice);
    const old = customer.port;
    await customer.move();
    expect(customer.port).not.toBe(old);
    await room.describe('customer', phone(customer.port));
    await customer.hears(agent.voice);
  });

  it('tells FreeSWITCH only what is new to it', async () => {
    const told = vi.spyOn(Channel.prototype, 'redescribe');
    await room.prepare('customer', phone(5000));
    await room.describe('customer', phone(5000));
    expect(told).toHaveBeenCalledTimes(1);
    await room.describe('customer', phone(5000));
    expect(told).toHaveBeenCalledTimes(1);
    await room.describe('customer', phone(5002));
    expect(told).toHaveBeenCalledTimes(2);
    told.mockRestore();
  });

  it.each([
    ['no description', 'hello'],
    ['no audio', 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n'],
    ['encrypted audio only', phone(5000).replace('RTP/AVP', 'RTP/SAVP')],
    ['audio refused', phone(0)],
  ])('refuses %s', async (_, broken) => {
    await expect(room.prepare('customer', broken)).rejects.toMatchObject({ code: 'invalid-request' });
    await room.prepare('customer', phone(5000));
    await expect(room.describe('customer', broken)).rejects.toMatchObject({ code: 'invalid-request' });
  });

  it('offers all it speaks to a phone that talks in another codec, and is silent until that has answered', async () => {
    const { customer, agent } = cast;
    await cast.enter(room, agent);
    // 101 is Opus to this phone: it must not become anything else.
    const wide = phone(customer.port, { codecs: ['9 G722'] }).replace('telephone-event/8000', 'opus/48000/2');
    await room.prepare('customer', wide);
    const aimed = await room.aim('customer', wide);
    expect(aimed).toMatch(/^m=audio \d+ RTP\/AVP 0 8 96\r$/m);
    await expect(room.describe('customer', wide)).rejects.toMatchObject({
      message: 'the phone speaks none of PCMU, PCMA',
    });
    await room.admit('customer');
    const members = ['customer', 'agent'];
    await room.apply(members.map((member) => ({ type: 'undeafen', member })));
    await room.apply(members.map((member) => ({ type: 'unmute', member })));
    await customer.receivesNothingFor(150);
    customer.codec = 'PCMA';
    customer.sendTo(audioOf(aimed));
    expect(await room.describe('customer', phone(customer.port, { codecs: ['8 PCMA'] }))).toMatch(
      / RTP\/AVP 8 101\r$/m,
    );
    await Promise.all([customer.hears(agent.voice), agent.hears(customer.voice)]);
  });

  it('is closed once, while others dismiss and prepare', async () => {
    await cast.talk(room);
    await cast.coach(room);
    const prepared = room.prepare('late', undefined);
    const dismissed = Promise.all([room.dismiss('supervisor'), room.dismiss('supervisor'), room.dismiss('nobody')]);
    await Promise.all([room.close(), room.close(), dismissed, prepared]);
    await room.close();
    await expect(room.prepare('later', undefined)).rejects.toMatchObject({ code: 'unavailable' });
    expect(pool.status()[0]?.rooms).toBe(0);
    cast.oracle.assertNeverHeard('customer', 'supervisor');
  });
});
