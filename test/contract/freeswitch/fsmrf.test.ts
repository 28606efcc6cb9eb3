import { once } from 'node:events';
import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import Mrf from 'drachtio-fsmrf';
import Srf from 'drachtio-srf';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { DrachtioServer } from '../../../src/embedded/drachtio/server.ts';
import { FreeSwitch } from '../../../src/embedded/freeswitch/freeswitch.ts';
import { RtpProbe } from '../../support/probe.ts';
import { tone } from '../../support/tone.ts';
import { audioPort, sdp } from './caller.ts';

/** What these tests use of drachtio-fsmrf 4.1.2, unmodified; it has no types. */
interface Conference {
  readonly name: string;
  readonly uuid: string;
  getSize(): Promise<number>;
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
  play(file: string | string[]): Promise<{ playbackMilliseconds: string }>;
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
let server: FreeSwitch;
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
  server = await FreeSwitch.listen();
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
  await expect.poll(() => media.maxSessions, { timeout: 10_000 }).toBe(1200);
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
  await conference.destroy();
  // The control leg has joined with endconf.
  await expect.poll(() => media.api('conference list')).toBe('+OK No active conferences.\n');
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

test('a server that goes away ends the endpoint and the connection', async () => {
  const ep = await endpoint();
  const ended = [once(ep, 'destroy'), once(media, 'end')];
  await server.crash();
  await Promise.all(ended);
  media.disconnect();
});

test('a hundred endpoints at once', async () => {
  const endpoints = await Promise.all(Array.from({ length: 100 }, (_, index) => endpoint(40_000 + 2 * index)));
  expect(new Set(endpoints.map(({ uuid }) => uuid)).size).toBe(100);
  expect(await media.api('show channels count')).toBe('\n100 total.\n');
  await Promise.all(endpoints.map((each) => each.destroy()));
  expect(await media.api('show channels count')).toBe('\n0 total.\n');
  await expect.poll(async () => (await server.engine.stats()).streams).toBe(0);
});
