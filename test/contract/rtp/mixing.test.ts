import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MediaEngine, type MediaStream, type Mix } from '../../../src/embedded/rtp/engine.ts';
import { amplitude, hears, Peer, type Received, TONES } from './peer.ts';

type Name = keyof typeof TONES;

let engine: MediaEngine;
let mix: Mix;
let peers: Record<Name, Peer>;
let streams: Record<Name, MediaStream>;

async function leg(name: Name): Promise<void> {
  peers[name] = await Peer.open(TONES[name]);
  streams[name] = await engine.createStream();
  await streams[name].configure(peers[name].configuration());
}

beforeEach(async () => {
  engine = await MediaEngine.start({ host: '127.0.0.1' });
  mix = await engine.createMix('call');
  peers = {} as Record<Name, Peer>;
  streams = {} as Record<Name, MediaStream>;
  for (const name of ['customer', 'agent', 'supervisor'] as const) await leg(name);
});

afterEach(async () => {
  for (const peer of Object.values(peers)) peer.close();
  await engine.close();
});

const both =
  (a: Name, b: Name) =>
  (packet: Received): boolean =>
    hears(packet, TONES[a]) && hears(packet, TONES[b]);

const supervisorIn = (packet: Received): boolean => hears(packet, TONES.supervisor);

/** Customer and agent in conversation, the supervisor coaching. */
async function coach(): Promise<void> {
  await streams.customer.join(mix, { mute: false, deaf: false });
  await streams.agent.join(mix, { mute: false, deaf: false });
  await streams.supervisor.join(mix, { mute: true, deaf: true });
  await mix.relate(streams.supervisor, streams.customer, false);
  await streams.supervisor.setDeaf(false);
  await streams.supervisor.setMute(false);
  for (const name of ['customer', 'agent', 'supervisor'] as const) peers[name].talk(streams[name]);
  await Promise.all([
    peers.agent.hear(1, both('customer', 'supervisor')),
    peers.supervisor.hear(1, both('customer', 'agent')),
    peers.customer.hear(1, (packet) => hears(packet, TONES.agent)),
  ]);
}

/**
 * The packets of `listener` made after a command was confirmed: the engine tells how many it had sent by then, and of
 * one socket to another none overtakes.
 */
async function after(command: Promise<void>, listener: Name, count: number): Promise<Received[]> {
  await command;
  const { packetsSent } = await streams[listener].stats();
  await peers[listener].hear(packetsSent + count, undefined, 0);
  return peers[listener].received.slice(packetsSent, packetsSent + count);
}

describe('a coached call', () => {
  test('the agent hears both, the supervisor hears both, the customer hears the agent alone', async () => {
    await coach();
    for (let n = 0; n < 3; n++) {
      await peers.agent.hear(20, both('customer', 'supervisor'));
      await peers.supervisor.hear(20, both('customer', 'agent'));
      await peers.customer.hear(20, (packet) => hears(packet, TONES.agent));
    }
    expect(peers.customer.received.filter(supervisorIn)).toEqual([]);
    for (const name of ['customer', 'agent', 'supervisor'] as const) {
      expect(peers[name].received.filter((packet) => hears(packet, TONES[name]))).toEqual([]);
    }
  });

  test('its packets go on one by one: sequence, timestamp, one SSRC, the marker on the first', async () => {
    await coach();
    await peers.agent.hear(50);
    await streams.supervisor.leave();
    await mix.play({ kind: 'tone', spec: '%(100,0,500)' });
    await streams.agent.play({ kind: 'tone', spec: '%(100,0,500)' });
    const { received } = peers.agent;
    expect(received[0]?.marker).toBe(true);
    received.forEach((packet, n) => {
      const before = received[n - 1];
      expect(packet.ssrc).toBe(streams.agent.ssrc);
      expect(packet.payload).toHaveLength(160);
      if (!before) return;
      expect((packet.sequence - before.sequence) & 0xffff).toBe(1);
      // An engine that stood still leaves frames out: the timestamp goes on, and the marker says so.
      const step = (packet.timestamp - before.timestamp) >>> 0;
      expect(step % 160).toBe(0);
      expect(packet.marker).toBe(step !== 160);
    });
  });

  test.each([
    ['muted', () => streams.supervisor.setMute(true)],
    ['out of the mix', () => streams.supervisor.leave()],
    ['closed', () => streams.supervisor.close()],
    ['related away', () => mix.relate(streams.supervisor, streams.agent, false)],
    ['on hold', () => streams.supervisor.configure(peers.supervisor.configuration({ direction: 'sendonly' }))],
    ['talked over by a deaf ear', () => streams.agent.setDeaf(true)],
  ])('a supervisor who is %s is not in the very next packet, nor in any other', async (_, command) => {
    await coach();
    const packets = await after(command(), 'agent', 15);
    expect(packets.map(supervisorIn)).toEqual(packets.map(() => false));
    expect(peers.customer.received.filter(supervisorIn)).toEqual([]);
  });

  test('twenty times in and out, muted and not: the customer never hears the supervisor', async () => {
    await coach();
    for (let n = 0; n < 20; n++) {
      if (n % 3 === 0) await streams.supervisor.leave();
      else await streams.supervisor.setMute(true);
      await streams.supervisor.join(mix, { mute: true, deaf: true });
      await mix.relate(streams.supervisor, streams.customer, false);
      await streams.supervisor.setDeaf(false);
      await streams.supervisor.setMute(false);
      await peers.agent.hear(1, supervisorIn);
    }
    expect(peers.customer.received.filter(supervisorIn)).toEqual([]);
  });

  test('the supervisor is given the word: heard by all, and by the customer no more when it is taken', async () => {
    await coach();
    await mix.relate(streams.supervisor, streams.customer, true);
    await peers.customer.hear(5, supervisorIn);
    const packets = await after(mix.relate(streams.supervisor, streams.customer, false), 'customer', 15);
    expect(packets.filter(supervisorIn)).toEqual([]);
  });

  test('what was said while muted is not heard afterwards', async () => {
    await coach();
    await after(streams.supervisor.setMute(true), 'agent', 10);
    peers.supervisor.hush();
    // Whatever is on the way is there when a second round trip shows nothing new.
    let count = -1;
    for (let now = 0; now !== count; ) {
      count = now;
      await peers.agent.hear(5);
      now = (await streams.supervisor.stats()).packetsReceived;
    }
    const packets = await after(streams.supervisor.setMute(false), 'agent', 15);
    expect(packets.filter(supervisorIn)).toEqual([]);
  });

  test('each with another law', async () => {
    await streams.agent.configure(peers.agent.configuration({ codec: { name: 'PCMA', payloadType: 8 } }));
    await coach();
    const [packet] = await peers.agent.hear(1, both('customer', 'supervisor'));
    expect(packet?.payloadType).toBe(8);
    peers.agent.talk(streams.agent, 'PCMA');
    await peers.customer.hear(20, (each) => hears(each, TONES.agent));
  });
});

describe('a mix', () => {
  test('sends nothing before there is something to hear; then each hears from the first packet on', async () => {
    await streams.customer.join(mix, { mute: false, deaf: false });
    await streams.agent.join(mix, { mute: false, deaf: false });
    peers.customer.say(streams.customer);
    const [first] = await peers.agent.hear(1, undefined, 0);
    expect(first && hears(first, TONES.customer)).toBe(true);
    expect(peers.customer.received).toEqual([]);
  });

  test('plays to all but the deaf, or to one', async () => {
    await streams.customer.join(mix, { mute: false, deaf: false });
    await streams.agent.join(mix, { mute: false, deaf: false });
    await streams.supervisor.join(mix, { mute: false, deaf: true });
    const tone = (packet: Received): boolean => hears(packet, 500);
    const playing = mix.play({ kind: 'tone', spec: '%(1000,0,500);loops=-1' });
    await Promise.all([peers.customer.hear(3, tone), peers.agent.hear(3, tone)]);
    await mix.stopPlayback();
    expect(await playing).toMatchObject({ outcome: 'stopped' });
    const before = peers.customer.received.filter(tone).length;
    expect(await mix.play({ kind: 'tone', spec: '%(200,0,700)' }, { member: streams.agent })).toEqual({
      outcome: 'done',
      samples: 1600,
    });
    await peers.agent.hear(1, (packet) => hears(packet, 700), 0);
    expect(peers.customer.received.filter((packet) => hears(packet, 700))).toEqual([]);
    expect(peers.customer.received.filter(tone).length - before).toBeLessThanOrEqual(1);
    expect(peers.supervisor.received).toEqual([]);
  });

  test('refuses relations with those who are not in it, and names twice', async () => {
    await streams.agent.join(mix, { mute: false, deaf: false });
    await expect(mix.relate(streams.agent, streams.customer, false)).rejects.toThrow('not a member');
    await expect(streams.customer.setMute(true)).rejects.toThrow('not a member');
    await expect(engine.createMix('call')).rejects.toThrow('call');
  });

  test('closed, leaves its members alive and apart', async () => {
    await coach();
    await mix.close();
    await mix.close();
    const packets = await after(Promise.resolve(), 'agent', 10);
    expect(packets.filter((packet) => hears(packet, TONES.customer) || supervisorIn(packet))).toEqual([]);
    await expect(streams.agent.join(mix, { mute: false, deaf: false })).rejects.toThrow('closed');
  });

  test('volume: four steps down, the supervisor is a fifth as loud', async () => {
    await coach();
    const loudness = async (): Promise<number> => {
      const [packet] = await after(Promise.resolve(), 'agent', 1);
      return packet ? amplitude(packet.samples, TONES.supervisor) : NaN;
    };
    const before = await loudness();
    await streams.supervisor.setVolume('in', -4);
    expect((await loudness()) / before).toBeCloseTo(0.2, 1);
  });
});
