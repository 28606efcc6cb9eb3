import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonEvent } from './event-socket-client.ts';
import { type Party, Scene } from './scene.ts';

let scene: Scene;
let [agent, customer]: Party[] = [];
let ids: { agent: number; customer: number };
let directory: string;

beforeEach(async () => {
  scene = await Scene.open();
  agent = await scene.party('agent');
  customer = await scene.party('customer');
  await scene.client.command('event json CUSTOM conference::maintenance');
  ids = { agent: await scene.join(agent, 'c@default'), customer: await scene.join(customer, 'c@default') };
  directory = await mkdtemp(join(tmpdir(), 'conference-'));
});

afterEach(async () => {
  await scene[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

const command = (text: string) => scene.client.api(`conference c ${text}`);
const told = (action: string): Promise<JsonEvent> => scene.client.event('CUSTOM', action);

describe('who talks', () => {
  test('is told when it begins, when it ends, and never of who is muted', async () => {
    const [first, second] = [await told('start-talking'), await told('start-talking')];
    expect([Number(first['Member-ID']), Number(second['Member-ID'])].sort((a, b) => a - b)).toEqual(
      [ids.agent, ids.customer].sort((a, b) => a - b),
    );
    expect(first).toMatchObject({ Talking: 'true', 'Energy-Level': '100' });
    expect(Number(first['Current-Energy'])).toBeGreaterThan(100);
    expect(await command('list')).toMatch(/;hear\|speak\|talking;/);
    customer?.probe.pause();
    expect(await told('stop-talking')).toMatchObject({ 'Member-ID': String(ids.customer), Talking: 'false' });
    customer?.probe.resume();
    expect(await told('start-talking')).toMatchObject({ 'Member-ID': String(ids.customer) });
    await command(`mute ${ids.customer}`);
    expect(await told('mute-member')).toMatchObject({ Talking: 'false', Speak: 'false' });
    await command(`unmute ${ids.customer}`);
    expect(await told('unmute-member')).toMatchObject({ Talking: 'false', Speak: 'true' });
    expect(await told('start-talking')).toMatchObject({ 'Member-ID': String(ids.customer) });
  });
});

describe('recording', () => {
  test('starts, pauses, goes on and stops, with a word and an event each', async () => {
    const path = join(directory, 'all.wav');
    expect(await command('chkRecord')).toBe('-ERR Conference is not being recorded.\n');
    expect(await command(`recording start ${path}`)).toBe(`+OK Record file ${path}\n`);
    expect(await told('start-recording')).toMatchObject({ Path: path });
    expect(await command(`recording start ${path}`)).toBe(`-ERR file [${path}] is already being used for recording.\n`);
    expect(await command('recording check')).toBe(`+OK Record file ${path}\n`);
    expect(await scene.client.api('conference list')).toMatch(/enter_sound\|recording\|json_status\)/);
    expect(await command('json_list')).toContain(`"type":\t"recording_node",\n\t\t\t\t"record_path":\t"${path}"`);
    expect(await command('xml_list')).toContain(`<record_path>${path}</record_path>`);
    expect(await command(`recording pause ${path}`)).toBe(`+OK Pause recording file ${path}\n`);
    expect(await told('pause-recording')).toMatchObject({ Path: path, 'Other-Recordings': 'true' });
    expect(await command(`recording resume ${path}`)).toBe(`+OK Resume recording file ${path}\n`);
    await told('resume-recording');
    await customer?.probe.hears(agent?.voice ?? [], { frames: 10 });
    expect(await command(`recording stop ${path}`)).toBe(
      `Stopped recording file ${path}\n+OK Stopped recording 0 files\n`,
    );
    const stopped = await told('stop-recording');
    expect(stopped).toMatchObject({ Path: path, 'Other-Recordings': 'false', Samplerate: '8000' });
    const file = await readFile(path);
    expect(stopped['Record-File-Size']).toBe(String(file.length));
    expect(file.toString('latin1', 0, 4)).toBe('RIFF');
    const samples = Array.from({ length: (file.length - 44) / 2 }, (_, i) => Math.abs(file.readInt16LE(44 + 2 * i)));
    expect(Math.max(...samples)).toBeGreaterThan(1000);
  });

  test('says what it cannot do', async () => {
    expect(await command('recording')).toBe('recording [start|stop|check|pause|resume] [<filename>|all]');
    expect(await command('record')).toBe('record <filename>');
    expect(await command('norecord')).toBe('norecord <[filename|all]>');
    expect(await command('recording pause /no.wav')).toBe(
      "+OK Pause recording file /no.wav\n-ERR non-existant recording '/no.wav'\n",
    );
    expect(await command('recording stop /no.wav')).toBe(
      "-ERR non-existant recording '/no.wav'\n+OK Stopped recording 0 files\n",
    );
    expect(await command('recording stop all')).toBe('+OK Stopped recording 0 files\n');
    expect(await command('record nowhere')).toBe('+OK Record file nowhere\n');
    expect(await told('start-recording')).toMatchObject({
      Path: 'nowhere',
      Error: 'File could not be opened for recording',
    });
    expect(await told('stop-recording')).toMatchObject({ Path: 'nowhere', 'Samples-Out': '0' });
  });
});

describe('playing', () => {
  test('one after the other, async at once, and each told of when it is over', async () => {
    const [long, other] = ['tone_stream://%(60000,0,400)', 'tone_stream://%(60000,0,500)'];
    expect(await command(`play ${long}`)).toBe(`+OK (play) Playing file ${long}\n`);
    await command(`play ${other}`);
    expect(await told('play-file')).toMatchObject({ File: long, Async: 'false' });
    expect(await told('play-file')).toMatchObject({ File: other, Async: 'false' });
    expect(await command('stop current')).toBe('+OK Stopped 1 files.\n');
    expect(await told('play-file-done')).toMatchObject({ File: long });
    expect(await command('stop all')).toBe('+OK Stopped 1 files.\n');
    expect(await told('play-file-done')).toMatchObject({ File: other });
    expect(await command('stop all')).toBe('+OK Stopped 0 files.\n');
    expect(await command(`play ${long} async`)).toBe(`+OK (play) Playing file ${long}\n`);
    expect(await told('play-file')).toMatchObject({ File: long, Async: 'true' });
    expect(await command('stop async')).toBe('+OK Stopped 1 files.\n');
    expect(await told('play-file-done')).toMatchObject({ File: long, Async: 'true' });
  });

  test('to one member', async () => {
    const file = 'tone_stream://%(60000,0,400)';
    expect(await command(`play ${file} ${ids.agent}`)).toBe(`+OK (play) Playing file ${file} to member ${ids.agent}\n`);
    expect(await told('play-file-member')).toMatchObject({ 'Member-ID': String(ids.agent), File: file });
    expect(await command(`stop all ${ids.agent}`)).toBe('+OK Stopped 1 files.\n');
    expect(await told('play-file-member-done')).toMatchObject({ 'Member-ID': String(ids.agent), File: file });
    expect(await command('stop all 999')).toBe('-ERR Member: 999 not found.\n');
    expect(await command('play')).toBe('play <file_path> [async|<member_id> [nomux]]');
    expect(await command('play /no/such.wav')).toBe('-ERR (play) File: /no/such.wav not found.\n');
  });
});

describe('members', () => {
  test('are transferred to another conference, where they may speak again, and back', async () => {
    await command(`mute ${ids.customer}`);
    expect(await command(`transfer d ${ids.customer}`)).toBe(`+OK Member '${ids.customer}' sent to conference d.\n`);
    expect(await told('transfer')).toMatchObject({ 'Old-Conference-Name': 'c', 'New-Conference-Name': 'd' });
    const leaving = await told('del-member');
    expect(leaving).toMatchObject({ 'Conference-Name': 'c', 'Member-ID': String(ids.customer) });
    const come = await told('add-member');
    expect(come).toMatchObject({ 'Conference-Name': 'd', 'Member-ID': String(ids.customer), Speak: 'true' });
    expect(await scene.client.api(`conference d transfer c@default ${ids.customer}`)).toBe(
      `+OK Member '${ids.customer}' sent to conference c@default.\n`,
    );
    expect(await told('add-member')).toMatchObject({ 'Conference-Name': 'c' });
    expect(await command('transfer')).toBe('transfer <conference_name> <member id> [...<member id>]');
    expect(await command('transfer d 999')).toBe('-ERR No Member 999 in conference c.\n');
  });

  test('are held: neither heard nor hearing, until they are not', async () => {
    expect(await command(`hold ${ids.customer}`)).toBe(`+OK hold ${ids.customer}\n`);
    expect(await told('hold-member')).toMatchObject({ 'Member-ID': String(ids.customer) });
    await agent?.probe.hearsNo(customer?.voice ?? []);
    expect(await command(`unhold ${ids.customer}`)).toBe(`+OK unhold ${ids.customer}\n`);
    await agent?.probe.hears(customer?.voice ?? []);
  });

  test('get digits, and the conference is told', async () => {
    await Promise.all([agent?.probe.receivesDigits('5'), command(`dtmf ${ids.agent} 5`)]);
    expect(await told('dtmf-member')).toMatchObject({ 'Member-ID': String(ids.agent), Digits: '5' });
  });

  test('are named by number, all, last and non_moderator, and nothing else', async () => {
    expect(await command('mute')).toBe('mute <[member_id|all]|last|non_moderator> [<quiet>]');
    expect(await command('mute foo')).toBe('mute <[member_id|all]|last|non_moderator> [<quiet>]');
    expect(await command('mute 999')).toBe('-ERR Non-Existant ID 999\n');
    expect(await command('mute all')).toBe(`+OK mute ${ids.customer}\n+OK mute ${ids.agent}\n`);
    expect(await command('unmute non_moderator')).toBe(`+OK unmute ${ids.customer}\n+OK unmute ${ids.agent}\n`);
    expect(await command(`get-uuid ${ids.agent}`)).toBe(agent?.uuid);
  });
});

test('parameters and variables', async () => {
  const replies = [];
  for (const name of ['count', 'count_ghosts', 'max_members', 'rate', 'profile_name', 'is_locked', 'nosuch']) {
    replies.push(await command(`get ${name}`));
  }
  expect(replies).toEqual(['2', '0', '0', '8000', 'default', '-ERR no reply\n', 'get <parameter-name>']);
  expect(await command('set max_members 10')).toBe('0');
  expect(await command('set max_members')).toMatch(/^set <max_members\|/);
  expect(await command('getvar colour')).toBe('-ERR no reply\n');
  expect(await command('setvar colour green')).toBe('+OK\n');
  expect(await command('getvar colour')).toBe('green');
  await command('lock');
  expect(await command('get is_locked')).toBe('locked');
  expect(await scene.client.api('conference list')).toMatch(/rate: 8000 locked flags: locked\|/);
  expect(await command('gettag x')).toBe("-ERR Conference command 'gettag' not found.\n");
});
