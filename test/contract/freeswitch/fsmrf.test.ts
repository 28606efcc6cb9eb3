import { once } from 'node:events';
import type { EventEmitter } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Mrf from 'drachtio-fsmrf';
import Srf from 'drachtio-srf';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { DrachtioServer } from '../../../src/embedded/drachtio/server.ts';
import { RtpProbe } from '../../support/probe.ts';
import { tone } from '../../support/tone.ts';
import { audioPort, sdp } from './caller.ts';
import { EventSocketClient } from './event-socket-client.ts';
import { type FreeSwitchUnderTest, freeSwitchUnderTest, REAL } from './under-test.ts';

/** What these tests use of drachtio-fsmrf 4.1.2, unmodified; it has no types. */
interface Conference extends EventEmitter {
  readonly name: string;
  readonly uuid: string;
  readonly participants: ReadonlyMap<number, object>;
  getSize(): Promise<number>;
  startRecording(file: string): Promise<string>;
  pauseRecording(file: string): Promise<string>;
  resumeRecording(file: string): Promise<string>;
  stopRecording(file: string): Promise<string>;
  set(name: string, value: string | number): Promise<string>;
  play(file: string): Promise<{ seconds: number; milliseconds: number }>;
  lock(): Promise<string>;
  unlock(): Promise<string>;
  get(name: string): Promise<number | string>;
  destroy(): Promise<void>;
}

interface Endpoint extends EventEmitter {
  readonly uuid: string;
  readonly conn: { readonly socket: Socket };
  readonly local: { readonly sdp: string; readonly mediaPort: string };
  readonly remote: { readonly sdp: string; readonly mediaPort: string };
  readonly dtmfType: string;
  readonly connected: boolean;
  readonly dialog: EventEmitter;
  join(conference: string | Conference, options?: object): Promise<{ memberId: number; confUuid: string }>;
  modify(sdp: string): Promise<string>;
  playCollect(options: object): Promise<Record<string, string | null>>;
  record(file: string, options?: object): Promise<Record<string, string | null>>;
  recordSession(file: string): Promise<unknown>;
  bridge(other: Endpoint): Promise<void>;
  unbridge(): Promise<void>;
  unjoin(): Promise<string>;
  transfer(conference: string): Promise<string>;
  getNonMatchingConfParticipants(conference: string, tag: string): Promise<number[]>;
  addCustomEventListener(event: string, handler: (told: unknown) => void): void;
  toggleMute(): Promise<unknown>;
  play(file: string | string[]): Promise<{ playbackMilliseconds: string }>;
  set(name: string, value: string): Promise<void>;
  set(variables: Readonly<Record<string, string>>): Promise<void>;
  api(command: string, args: string | string[]): Promise<{ getBody(): string }>;
  execute(application: string, argument?: string): Promise<{ getHeader(name: string): string | null }>;
  getChannelVariables(media: boolean): Promise<Record<string, string | number>>;
  confMute(): Promise<string>;
  confUnmute(): Promise<string>;
  confDeaf(): Promise<string>;
  confUndeaf(): Promise<string>;
  confKick(): Promise<string>;
  confPlay(file: string): Promise<unknown>;
  mute(): Promise<unknown>;
  unmute(): Promise<unknown>;
  destroy(): Promise<void>;
}

interface MediaServer extends EventEmitter {
  readonly conn: { readonly socket: Socket };
  readonly sip: { readonly ipv4: { readonly udp: { readonly address: string } } };
  readonly maxSessions: number;
  createEndpoint(options?: { remoteSdp?: string; codecs?: string[] }): Promise<Endpoint>;
  createConference(name: string): Promise<Conference>;
  api(command: string): Promise<string>;
  disconnect(): void;
}

interface Framework {
  connect(options: object): Promise<MediaServer>;
}

let drachtio: DrachtioServer;
let srf: Srf;
let server: FreeSwitchUnderTest;
let media: MediaServer;
const probes: RtpProbe[] = [];

beforeAll(async () => {
  drachtio = await DrachtioServer.listen({ secret: 'secret' });
  srf = new Srf();
  void srf.connect({ host: '127.0.0.1', port: drachtio.adminPort, secret: 'secret' });
  await once(srf as unknown as EventEmitter, 'connect');
});

afterAll(async () => {
  srf.disconnect();
  await drachtio.close();
});

beforeEach(async () => {
  server = await freeSwitchUnderTest();
  const framework = new Mrf(srf) as unknown as Framework;
  const { eventSocketPort: port } = server;
  media = await framework.connect({ address: '127.0.0.1', port, secret: 'ClueCon', listenAddress: '127.0.0.1' });
});

afterEach(async () => {
  media.disconnect();
  for (const probe of probes.splice(0)) await probe.close();
  await server.close();
});

const endpoint = (port = 40_000): Promise<Endpoint> => media.createEndpoint({ remoteSdp: sdp({ port }) });

const said = async (name: 'customer' | 'agent'): Promise<RtpProbe> => {
  const probe = await RtpProbe.open({ name, voice: tone(name) });
  probes.push(probe);
  return probe;
};

test('connect finds the SIP address and, with the first heartbeat, the limits', async () => {
  expect(media.sip.ipv4.udp.address).toBe(`127.0.0.1:${server.sipPort}`);
  await expect.poll(() => media.maxSessions, { timeout: 30_000 }).toBe(1200);
});

test('createEndpoint, variables, play, destroy', async () => {
  const ep = await endpoint(40_500);
  expect(ep.remote.mediaPort).toBe('40500');
  expect(ep.local.sdp).toContain(`m=audio ${ep.local.mediaPort} RTP/AVP 0 101`);
  expect(ep.dtmfType).toBe('rfc2833');
  await ep.set({ one: '1', two: '2' });
  expect((await ep.api('uuid_getvar', [ep.uuid, 'two'])).getBody()).toBe('2');
  expect(Number((await ep.play('tone_stream://%(100,0,500)')).playbackMilliseconds)).toBeGreaterThanOrEqual(100);
  await expect(ep.play('/no/such/file.wav')).rejects.toThrow('File Not Found');
  expect(await ep.getChannelVariables(true)).toMatchObject({
    variable_rtp_audio_in_packet_count: 0,
    variable_one: '1',
  });
  await ep.destroy();
  expect(await media.api(`uuid_exists ${ep.uuid}`)).toBe('false');
});

test('createEndpoint with a codec that we do not have is refused with 488', async () => {
  await expect(media.createEndpoint({ remoteSdp: sdp({ payloads: '18' }) })).rejects.toMatchObject({ status: 488 });
});

test('an endpoint without a description is given one later by modify, which also holds and resumes', async () => {
  const ep = await media.createEndpoint();
  const agent = await said('agent');
  await ep.modify(sdp({ port: agent.port }));
  expect(ep.remote.mediaPort).toBe(String(agent.port));
  const playing = ep.play('tone_stream://%(60000,0,500)');
  await agent.receives(5);
  await ep.modify(sdp({ port: agent.port, direction: 'inactive' }));
  await agent.receivesNothingFor(100);
  await ep.modify(sdp({ port: agent.port }));
  await agent.receives(5);
  await ep.api('uuid_break', ep.uuid);
  await playing;
});

test('digits of the phone arrive as events', async () => {
  const agent = await said('agent');
  const ep = await endpoint(agent.port);
  agent.sendTo({ address: '127.0.0.1', port: audioPort(ep.local.sdp) });
  const heard = once(ep, 'dtmf') as Promise<[{ dtmf: string; duration: string; source: string }]>;
  await agent.sendDigits('5');
  expect((await heard)[0]).toMatchObject({ dtmf: '5', source: 'RTP' });
});

test('digits of ours arrive at the phone', async () => {
  const agent = await said('agent');
  const ep = await endpoint(agent.port);
  await Promise.all([agent.receivesDigits('42'), ep.api('uuid_send_dtmf', [ep.uuid, '42'])]);
});

test('two endpoints in a conference hear each other, and do not when told', async () => {
  const [customer, agent] = [await said('customer'), await said('agent')];
  const [one, two] = await Promise.all([endpoint(customer.port), endpoint(agent.port)]);
  customer.sendTo({ address: '127.0.0.1', port: Number(one.local.mediaPort) });
  agent.sendTo({ address: '127.0.0.1', port: Number(two.local.mediaPort) });
  const first = await one.join('room', { profile: 'lab' });
  const second = await two.join('room', { profile: 'lab', flags: { mute: true } });
  expect(second).toEqual({ memberId: first.memberId + 1, confUuid: first.confUuid });
  await agent.hears(customer.voice);
  expect(await two.confUnmute()).toBe(`+OK unmute ${second.memberId}\n`);
  await customer.hears(agent.voice);
  expect(await one.confDeaf()).toBe(`+OK deaf ${first.memberId}\n`);
  await customer.hearsNo(agent.voice);
  await one.confUndeaf();
  await customer.hears(agent.voice);
  await two.confMute();
  await customer.hearsNo(agent.voice);
  await two.confUnmute();
  await media.api(`conference room relate ${second.memberId} ${first.memberId} nospeak`);
  await customer.hearsNo(agent.voice);
  expect(await two.confKick()).toBe(`+OK kicked ${second.memberId}\n`);
  await agent.hearsNo(customer.voice);
});

test('createConference with its control leg: size, lock, play, destroy', async () => {
  const conference = await media.createConference('held');
  await expect(media.createConference('held')).rejects.toBe('conference exists');
  const ep = await endpoint();
  const { confUuid } = await ep.join(conference);
  expect(confUuid).toBe(conference.uuid);
  expect(await conference.getSize()).toBe(2);
  expect(await conference.get('count')).toBe(2);
  expect(await conference.lock()).toBe('+OK held locked\n');
  expect(await conference.unlock()).toBe('+OK held unlocked\n');
  expect((await conference.play('tone_stream://%(100,0,500)')).milliseconds).toBeGreaterThan(0);
  await ep.confPlay('tone_stream://%(20,0,500)');
  if (!REAL) {
    // A real one reads the SRTP it sends to its control leg itself, and does not run the hangup that is queued behind it.
    await conference.destroy();
    // The control leg has joined with endconf.
    await expect.poll(() => media.api('conference list')).toBe('+OK No active conferences.\n');
  }
  expect(ep.connected).toBe(true);
});

test('uuid_kill is told to the endpoint and its dialog', async () => {
  const ep = await endpoint();
  // An answer on its own connection says that its subscriptions are in force.
  await ep.api('status', '');
  const gone = once(ep, 'destroy') as Promise<[{ reason: string }]>;
  const bye = once(ep.dialog, 'destroy');
  expect(await media.api(`uuid_kill ${ep.uuid}`)).toBe('+OK\n');
  expect((await gone)[0]).toEqual({ reason: 'NORMAL_CLEARING' });
  await bye;
});

test.skipIf(REAL)('a server that goes away ends the endpoint and the connection', async () => {
  const ep = await endpoint();
  const ended = [once(ep, 'destroy'), once(media, 'end')];
  await server.miniature?.crash();
  await Promise.all(ended);
  media.disconnect();
});

test.skipIf(REAL)('a hundred endpoints at once', async () => {
  const endpoints = await Promise.all(Array.from({ length: 100 }, (_, index) => endpoint(40_000 + 2 * index)));
  expect(new Set(endpoints.map(({ uuid }) => uuid)).size).toBe(100);
  expect(await media.api('show channels count')).toBe('\n100 total.\n');
  await Promise.all(endpoints.map((each) => each.destroy()));
  expect(await media.api('show channels count')).toBe('\n0 total.\n');
  await expect.poll(async () => (await server.miniature?.engine.stats())?.streams).toBe(0);
});

test('playCollect: the digits, what ended them, and what did not fit', async () => {
  const agent = await said('agent');
  const ep = await endpoint(agent.port);
  agent.sendTo({ address: '127.0.0.1', port: Number(ep.local.mediaPort) });
  const started = once(ep, 'playback-start');
  const collecting = ep.playCollect({ file: 'tone_stream://%(60000,0,400)', min: 1, max: 4, timeout: 5000 });
  expect((await started)[0]).toEqual({ file: 'tone_stream://%(60000,0,400)' });
  await agent.sendDigits('42#');
  expect(await collecting).toMatchObject({ digits: '42', invalidDigits: null, terminatorUsed: '#' });
});

test('record and recordSession write files', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'fsmrf-'));
  const agent = await said('agent');
  const ep = await endpoint(agent.port);
  agent.sendTo({ address: '127.0.0.1', port: Number(ep.local.mediaPort) });
  await ep.set('playback_terminators', '#');
  await ep.recordSession(join(directory, 'session.wav'));
  const recording = ep.record(join(directory, 'said.wav'), { timeLimitSecs: 30 });
  await ep.api('status', '');
  await agent.sendDigits('1#');
  const told = await recording;
  expect(told).toMatchObject({ terminatorUsed: '#' });
  expect(told['recordMilliseconds']).toMatch(/^\d+$/);
  await ep.destroy();
  for (const name of ['session.wav', 'said.wav']) {
    await expect.poll(() => readFile(join(directory, name), 'latin1').catch(() => '')).toMatch(/^RIFF/);
  }
  await rm(directory, { recursive: true });
});

test('bridge and unbridge', async () => {
  const [customer, agent] = [await said('customer'), await said('agent')];
  const [one, two] = await Promise.all([endpoint(customer.port), endpoint(agent.port)]);
  customer.sendTo({ address: '127.0.0.1', port: Number(one.local.mediaPort) });
  agent.sendTo({ address: '127.0.0.1', port: Number(two.local.mediaPort) });
  await one.bridge(two);
  await Promise.all([customer.hears(agent.voice), agent.hears(customer.voice)]);
  await one.unbridge();
  await customer.hearsNo(agent.voice);
  await one.set('still', 'there');
  await two.destroy();
  expect(one.connected).toBe(true);
});

test('unjoin, join again, transfer; a mute of the leg itself', async () => {
  const ep = await endpoint();
  const first = await ep.join('here', { profile: 'lab' });
  expect(await ep.unjoin()).toMatch(/^\+OK kicked /);
  expect((await ep.join('here', { profile: 'lab' })).memberId).toBe(first.memberId);
  expect(await ep.transfer('there')).toBe(`+OK Member '${first.memberId}' sent to conference there.\n`);
  await ep.mute();
  await ep.toggleMute();
  expect(await ep.getNonMatchingConfParticipants('there', 'tag')).toEqual([]);
});

// A real FreeSWITCH offers its control leg SRTP, sends that to itself, and does not end the conference any more.
test.skipIf(REAL)('a conference tells of its members, records, and takes parameters', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'fsmrf-'));
  const path = join(directory, 'all.wav');
  const conference = await media.createConference('told');
  const agent = await said('agent');
  const ep = await endpoint(agent.port);
  agent.sendTo({ address: '127.0.0.1', port: Number(ep.local.mediaPort) });
  const events = ['addMember', 'startTalking', 'startRecording', 'stopRecording', 'delMember'];
  const heard = events.map((event) => once(conference, event));
  const { memberId } = await ep.join(conference);
  await Promise.all(heard.slice(0, 2));
  expect([...conference.participants.keys()]).toContain(memberId);
  expect(await conference.startRecording(path)).toBe(`+OK Record file ${path}\n`);
  expect(await conference.pauseRecording(path)).toBe(`+OK Pause recording file ${path}\n`);
  expect(await conference.resumeRecording(path)).toBe(`+OK Resume recording file ${path}\n`);
  expect(await conference.stopRecording(path)).toContain(`Stopped recording file ${path}\n`);
  expect(await conference.set('max_members', 5)).toBe('0');
  expect(await conference.get('max_members')).toBe(5);
  await ep.unjoin();
  await Promise.all(heard);
  expect(conference.participants.has(memberId)).toBe(false);
  await conference.destroy();
  await rm(directory, { recursive: true });
});

test('channels that come and go', async () => {
  const opened = once(media, 'channel::open') as Promise<[{ uuid: string; countOfConnections: number }]>;
  const ep = await endpoint();
  expect((await opened)[0]).toMatchObject({ uuid: ep.uuid });
  const closed = once(media, 'channel::close') as Promise<[{ uuid: string }]>;
  await ep.destroy();
  expect((await closed)[0].uuid).toBe(ep.uuid);
});

test('events of one’s own', async () => {
  const ep = await endpoint();
  const told = new Promise((resolve) => ep.addCustomEventListener('a::b', resolve));
  await ep.api('status', '');
  const client = await EventSocketClient.authenticated(server.eventSocketPort);
  const body = '{"colour":"green"}';
  client.write(
    `sendevent CUSTOM\nEvent-Name: CUSTOM\nEvent-Subclass: a::b\nUnique-ID: ${ep.uuid}\nContent-Length: ${body.length}\n\n${body}`,
  );
  expect(await told).toEqual({ colour: 'green' });
  client.close();
});

test.skipIf(REAL)('the connection comes back by itself when the server does', async () => {
  const { eventSocketPort } = server;
  const ended = once(media, 'end');
  const back = new Promise((resolve) => (media.conn as unknown as EventEmitter).once('esl::ready', resolve));
  await server.miniature?.crash();
  await ended;
  server = await freeSwitchUnderTest({ eventSocketPort });
  await back;
  expect(await media.api('status')).toMatch(/^UP /);
});
