import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Digit, MediaEngine, type MediaStream } from '../../../src/embedded/rtp/engine.ts';
import { wavHeader } from '../../../src/embedded/rtp/wav.ts';
import { amplitude, hears, Peer, TONES } from './peer.ts';

let engine: MediaEngine;
let peer: Peer;
let stream: MediaStream;
const others: Peer[] = [];

beforeEach(async () => {
  engine = await MediaEngine.start({ host: '127.0.0.1' });
  peer = await Peer.openWithRtcp(TONES.agent);
  stream = await engine.createStream();
});

afterEach(async () => {
  for (const each of [peer, ...others.splice(0)]) each.close();
  await engine.close();
});

async function another(frequency: number): Promise<Peer> {
  const made = await Peer.open(frequency);
  others.push(made);
  return made;
}

/** A second stream in a mix with the first, and its phone. */
async function listener(): Promise<{ phone: Peer; stream: MediaStream }> {
  const mix = await engine.createMix('pair');
  const phone = await another(TONES.customer);
  const second = await engine.createStream();
  await second.configure(phone.configuration());
  await second.join(mix, { mute: false, deaf: false });
  await stream.join(mix, { mute: false, deaf: false });
  return { phone, stream: second };
}

/** The first of four ports in a row that nobody has: an engine takes one pair after the other. */
async function neighbours(): Promise<number> {
  for (;;) {
    const [one, next] = [await engine.createStream(), await engine.createStream()];
    await Promise.all([one.close(), next.close()]);
    if (next.port === one.port + 2) return one.port;
  }
}

describe('playing', () => {
  test('a tone, to its end, and nothing but silence after it', async () => {
    await stream.configure(peer.configuration());
    expect(await stream.play({ kind: 'tone', spec: '%(200,0,500)' })).toEqual({ outcome: 'done', samples: 1600 });
    const packets = await peer.hear(20, undefined, 0);
    expect(packets.map((packet) => hears(packet, 500))).toEqual(packets.map((_, n) => n < 10));
  });

  test('a WAV file; covered by another, then heard again; stopped; missing', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'wav-'));
    const path = join(folder, 'prompt.wav');
    const samples = Int16Array.from({ length: 8000 }, (_, i) => 5000 * Math.sin((2 * Math.PI * 700 * i) / 8000));
    await writeFile(path, Buffer.concat([wavHeader(1, 8000), Buffer.from(samples.buffer)]));
    await stream.configure(peer.configuration());
    const first = stream.play({ kind: 'wav', path, loops: -1 });
    await peer.hear(5, (packet) => hears(packet, 700));
    const stop = new AbortController();
    const second = stream.play({ kind: 'silence', ms: -1 }, stop.signal);
    await peer.hear(5, (packet) => !hears(packet, 700));
    stop.abort();
    expect(await second).toMatchObject({ outcome: 'stopped' });
    await peer.hear(5, (packet) => hears(packet, 700));
    await stream.stopPlayback();
    expect(await first).toMatchObject({ outcome: 'stopped' });
    await expect(stream.play({ kind: 'wav', path: join(folder, 'none.wav') })).rejects.toThrow('ENOENT');
    await expect(stream.play({ kind: 'tone', spec: 'la la' })).rejects.toThrow('not a tone');
    await rm(folder, { recursive: true });
  });
});

describe('digits', () => {
  test('from one stream to another, in order, with their length', async () => {
    const far = await engine.createStream();
    const configuration = {
      codec: { name: 'PCMU', payloadType: 0 },
      telephoneEvent: 101,
      direction: 'sendrecv',
    } as const;
    await stream.configure({ ...configuration, remote: { address: '127.0.0.1', port: far.port } });
    await far.configure({ ...configuration, remote: { address: '127.0.0.1', port: stream.port } });
    const digits: Digit[] = [];
    const all = new Promise<void>((resolve) => {
      far.onDigit((digit) => {
        digits.push(digit);
        if (digits.length === 3) resolve();
      });
    });
    await stream.sendDigits('5#D', 120);
    await all;
    expect(digits).toEqual(['5', '#', 'D'].map((digit) => ({ digit, duration: 960 })));
  });

  test('are refused where telephone-event was not agreed on, and where they are none', async () => {
    const { remote, codec, direction } = peer.configuration();
    await stream.configure({ ...(remote ? { remote } : {}), codec, direction });
    await expect(stream.sendDigits('1')).rejects.toThrow('telephone-event');
    await stream.configure(peer.configuration());
    await expect(stream.sendDigits('1x')).rejects.toThrow('not a digit');
  });
});

describe('direction', () => {
  test('inactive and recvonly send nothing, sendonly hears nothing; resuming begins a talk spurt', async () => {
    await stream.configure(peer.configuration());
    const { phone, stream: second } = await listener();
    phone.talk(second);
    await peer.hear(3, (packet) => hears(packet, TONES.customer));
    await stream.configure(peer.configuration({ direction: 'inactive' }));
    const { packetsSent } = await stream.stats();
    await peer.hear(packetsSent, undefined, 0);
    peer.talk(stream);
    await phone.hear(10, undefined);
    expect((await stream.stats()).packetsSent).toBe(packetsSent);
    await stream.configure(peer.configuration({ direction: 'recvonly' }));
    await phone.hear(3, (packet) => hears(packet, TONES.agent));
    expect((await stream.stats()).packetsSent).toBe(packetsSent);
    await stream.configure(peer.configuration({ direction: 'sendrecv' }));
    const [resumed] = await peer.hear(1, undefined, packetsSent);
    const last = peer.received[packetsSent - 1];
    expect(resumed?.marker).toBe(true);
    expect(((resumed?.sequence ?? 0) - (last?.sequence ?? 0)) & 0xffff).toBe(1);
    expect(((resumed?.timestamp ?? 0) - (last?.timestamp ?? 0)) >>> 0).toBeGreaterThan(13 * 160);
  });
});

describe('addresses', () => {
  test('a move by re-INVITE: all goes to the new address, the old one is heard no more', async () => {
    await stream.configure(peer.configuration());
    const { phone, stream: second } = await listener();
    phone.talk(second);
    peer.talk(stream);
    await phone.hear(3, (packet) => hears(packet, TONES.agent));
    const moved = await another(TONES.supervisor);
    await stream.configure(moved.configuration());
    moved.talk(stream);
    await moved.hear(3, (packet) => hears(packet, TONES.customer));
    await phone.hear(5, (packet) => hears(packet, TONES.supervisor));
    const from = phone.received.length;
    const packets = await phone.hear(10, undefined, from);
    expect(packets.filter((packet) => hears(packet, TONES.agent))).toEqual([]);
  });

  test('behind a NAT the source is learned; nobody else gets in', async () => {
    const silent = await another(1);
    await stream.configure(silent.configuration());
    const { phone, stream: second } = await listener();
    phone.talk(second);
    peer.talk(stream);
    await peer.hear(3, (packet) => hears(packet, TONES.customer));
    expect((await stream.stats()).remote).toEqual({ address: '127.0.0.1', port: peer.port });
    const stranger = await another(TONES.supervisor);
    stranger.talk(stream);
    const packets = await phone.hear(30);
    expect(packets.filter((packet) => hears(packet, TONES.supervisor))).toEqual([]);
    expect((await stream.stats()).packetsRejected).toBeGreaterThan(0);
    expect(stranger.received).toEqual([]);
  });

  test.each([
    { address: 'phone.example.com', port: 4000 },
    { address: '127.0.0.1', port: 0 },
    { address: '127.0.0.1', port: 65_536 },
  ])('$address:$port is refused, and what was agreed on before stays', async (remote) => {
    await stream.configure(peer.configuration());
    await expect(stream.configure(peer.configuration({ remote }))).rejects.toThrow('nowhere to send to');
    expect((await stream.stats()).remote).toEqual({ address: '127.0.0.1', port: peer.port });
  });

  test('what is no RTP is counted and harms nothing', async () => {
    await stream.configure(peer.configuration());
    const { phone } = await listener();
    for (const junk of ['', 'hello', 'x'.repeat(2000), '\x80\x60abc']) peer.socket.send(junk, stream.port, '127.0.0.1');
    peer.talk(stream);
    await phone.hear(3, (packet) => hears(packet, TONES.agent));
    expect((await stream.stats()).packetsRejected).toBe(4);
  });
});

describe('recording', () => {
  test('stereo keeps what the leg says and what it hears apart; the file is there when it is complete', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rec-'));
    const [stereo, mono] = [join(folder, 'stereo.wav'), join(folder, 'mono.wav')];
    await stream.configure(peer.configuration());
    const { phone, stream: second } = await listener();
    await stream.startRecording(stereo, { stereo: true });
    await stream.startRecording(mono);
    await expect(stream.startRecording(mono)).rejects.toThrow('already');
    phone.talk(second);
    peer.talk(stream);
    await peer.hear(60, (packet) => hears(packet, TONES.customer));
    await expect(access(stereo)).rejects.toThrow();
    const { samples } = await stream.stopRecording(stereo);
    const both = (await stream.stopRecording(mono)).samples;
    await expect(stream.stopRecording(mono)).rejects.toThrow('not recording');
    const file = await readFile(stereo);
    expect(file.length).toBe(44 + samples * 4);
    expect(file.readUInt32LE(40)).toBe(samples * 4);
    const last = (channel: 0 | 1): Int16Array =>
      Int16Array.from({ length: 160 }, (_, i) => file.readInt16LE(file.length - 160 * 4 + i * 4 + channel * 2));
    expect(amplitude(last(0), TONES.agent)).toBeGreaterThan(3000);
    expect(amplitude(last(0), TONES.customer)).toBeLessThan(300);
    expect(amplitude(last(1), TONES.customer)).toBeGreaterThan(3000);
    expect(amplitude(last(1), TONES.agent)).toBeLessThan(300);
    const sum = await readFile(mono);
    expect(sum.length).toBe(44 + both * 2);
    const tail = Int16Array.from({ length: 160 }, (_, i) => sum.readInt16LE(sum.length - 320 + i * 2));
    expect(amplitude(tail, TONES.agent)).toBeGreaterThan(3000);
    expect(amplitude(tail, TONES.customer)).toBeGreaterThan(3000);
    await rm(folder, { recursive: true });
  });

  test('into a folder that does not exist is refused; closing the stream completes the file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rec-'));
    const path = join(folder, 'leg.wav');
    await stream.configure(peer.configuration());
    await expect(stream.startRecording(join(folder, 'none', 'leg.wav'))).rejects.toThrow('ENOENT');
    await stream.startRecording(path);
    await stream.close();
    expect((await readFile(path)).toString('latin1', 0, 4)).toBe('RIFF');
    await rm(folder, { recursive: true });
  });
});

describe('life and death', () => {
  test('closing says goodbye by RTCP and frees both ports', async () => {
    await stream.configure(peer.configuration());
    peer.talk(stream);
    await stream.play({ kind: 'silence', ms: 40 });
    if (!peer.rtcp) throw new Error('no RTCP socket');
    const goodbye = once(peer.rtcp, 'message');
    await stream.close();
    await stream.close();
    const [packet] = (await goodbye) as [Buffer];
    expect(packet.readUInt8(1)).toBe(200);
    expect(packet.readUInt32BE(4)).toBe(stream.ssrc);
    expect(packet.readUInt8(packet.length - 7)).toBe(203);
    for (const port of [stream.port, stream.port + 1]) {
      const socket = createSocket('udp4');
      const listening = once(socket, 'listening');
      socket.bind(port, '127.0.0.1');
      await listening;
      socket.close();
    }
    await expect(stream.stats()).rejects.toThrow('closed');
  });

  test('a phone that falls silent is told of once', async () => {
    await stream.configure(peer.configuration());
    peer.say(stream);
    let told = 0;
    await new Promise<void>((resolve, reject) => {
      const handler = (): void => {
        told++;
        resolve();
      };
      stream.onTimeout(300, handler).catch(reject);
    });
    expect(told).toBe(1);
    expect((await stream.stats()).packetsReceived).toBe(1);
  });

  test('ports are even, of the range, and no more than there are', async () => {
    const free = await neighbours();
    const tight = await MediaEngine.start({ host: '127.0.0.1', portRange: [free - 1, free + 3] });
    const made = [await tight.createStream(), await tight.createStream()];
    expect(made.map(({ port }) => port).sort()).toEqual([free, free + 2]);
    await expect(tight.createStream()).rejects.toThrow('every RTP port is taken');
    await made[0]?.close();
    expect((await tight.createStream()).port).toBe(made[0]?.port);
    await tight.close();
  });

  test('an engine that cannot start says so', async () => {
    await expect(MediaEngine.start({ host: '127.0.0.1', portRange: [9, 9] })).rejects.toThrow('no RTP port pair');
    const elsewhere = await MediaEngine.start({ host: '192.0.2.1' });
    await expect(elsewhere.createStream()).rejects.toThrow('EADDRNOTAVAIL');
    await elsewhere.close();
  });

  test('closed, it refuses everything, and closing again is fine', async () => {
    const playing = stream.play({ kind: 'silence', ms: -1 });
    await Promise.all([engine.close(), engine.close()]);
    expect(await playing).toMatchObject({ outcome: 'stopped' });
    await expect(engine.createStream()).rejects.toThrow('closed');
    await expect(stream.leave()).rejects.toThrow('closed');
    await stream.close();
  });
});
