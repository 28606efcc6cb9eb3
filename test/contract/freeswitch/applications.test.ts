import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Party, Scene } from './scene.ts';

let scene: Scene;
let party: Party;
let directory: string;

beforeEach(async () => {
  scene = await Scene.open();
  party = await scene.party('agent');
  directory = await mkdtemp(join(tmpdir(), 'freeswitch-'));
});

afterEach(async () => {
  await scene[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

const set = (name: string, value: string) => scene.run(party, 'set', `${name}=${value}`);

describe('playback', () => {
  test('tells how long it was; silence has no type', async () => {
    await party.control.execute('playback', 'tone_stream://%(100,0,500);loops=2');
    expect(await party.control.event('PLAYBACK_START')).toMatchObject({
      'Playback-File-Type': 'tone_stream',
      'Playback-File-Path': 'tone_stream://%(100,0,500);loops=2',
    });
    expect(await party.control.event('PLAYBACK_STOP')).toMatchObject({
      'Playback-Status': 'done',
      variable_playback_ms: '200',
      variable_playback_seconds: '0',
      variable_playback_samples: '1600',
      variable_playback_last_offset_pos: '1600',
    });
    await party.control.execute('playback', 'silence_stream://20');
    expect(await party.control.event('PLAYBACK_START')).not.toHaveProperty('Playback-File-Type');
  });

  test('plays a row of files; the last one says how it went', async () => {
    await set('playback_delimiter', '!');
    const played = await scene.run(party, 'playback', 'silence_stream://100!tone_stream://%(40,0,400)');
    expect(played).toMatchObject({
      'Application-Response': 'FILE PLAYED',
      variable_playback_last_offset_pos: '1120',
      variable_playback_ms: '40',
    });
    const broken = await scene.run(party, 'playback', 'silence_stream://20!/no/such.wav');
    expect(broken['Application-Response']).toBe('FILE NOT FOUND');
    const better = await scene.run(party, 'playback', '/no/such.wav!silence_stream://20');
    expect(better['Application-Response']).toBe('FILE PLAYED');
  });

  test('ends with one of the terminators, and with no other digit', async () => {
    await set('playback_terminators', '#');
    await party.control.execute('playback', 'tone_stream://%(60000,0,400)');
    await party.control.event('PLAYBACK_START');
    await party.probe.sendDigits('5#');
    expect(await party.control.event('PLAYBACK_STOP')).toMatchObject({
      'Playback-Status': 'break',
      variable_playback_terminator_used: '#',
    });
    expect((await scene.end(party, 'playback'))['Application-Response']).toBe('FILE PLAYED');
  });

  test('by drachtio’s dialplan no digit ends it', async () => {
    await party.control.execute('playback', 'silence_stream://600');
    await party.control.event('PLAYBACK_START');
    await party.probe.sendDigits('*');
    expect(await party.control.event('PLAYBACK_STOP')).toMatchObject({ 'Playback-Status': 'done' });
  });

  test('takes a member’s ears and mouth out of its conference for as long as it lasts', async () => {
    const other = await scene.party('customer');
    await scene.join(party, 'covered@lab');
    await scene.join(other, 'covered@lab');
    await party.probe.hears(other.voice);
    await party.control.execute('playback', 'tone_stream://%(60000,0,400)');
    await party.control.event('PLAYBACK_START');
    await party.probe.hearsNo(other.voice);
    await other.probe.hearsNo(party.voice);
    await scene.client.api(`uuid_break ${party.uuid}`);
    await Promise.all([party.probe.hears(other.voice), other.probe.hears(party.voice)]);
  });
});

describe('record', () => {
  test('writes what the phone says until a terminator comes', async () => {
    const path = join(directory, 'said.wav');
    await set('playback_terminators', '#');
    await scene.client.command('event json RECORD_START RECORD_STOP');
    const recording = scene.run(party, 'record', `${path} 30`);
    await scene.client.event('RECORD_START');
    await party.probe.sendDigits('1#');
    const told = await recording;
    expect(told).toMatchObject({ variable_playback_terminator_used: '#', 'Application-Response': '_none_' });
    expect(await scene.client.event('RECORD_STOP')).toMatchObject({ 'Record-File-Path': path });
    const file = await readFile(path);
    expect(told['variable_record_file_size']).toBe(String(file.length));
    const samples = Number(told['variable_record_samples']);
    expect(file.length).toBe(44 + 2 * samples);
    expect(told['variable_record_ms']).toBe(String(Math.floor(samples / 8)));
    expect(told['variable_record_seconds']).toBe(String(Math.floor(samples / 8000)));
  });

  test('ends at its limit, with silence, and by uuid_break', async () => {
    const limited = await scene.run(party, 'record', `${join(directory, 'limited.wav')} 1`);
    expect(Number(limited['variable_record_ms'])).toBeGreaterThan(500);
    party.probe.pause();
    const silent = await scene.run(party, 'record', `${join(directory, 'silent.wav')} 30 500 1`);
    expect(silent['variable_silence_hits_exhausted']).toBe('true');
    await scene.client.command('event json RECORD_START');
    const broken = scene.run(party, 'record', `${join(directory, 'broken.wav')} 30`);
    await scene.client.event('RECORD_START');
    await scene.client.api(`uuid_break ${party.uuid}`);
    expect((await broken)['variable_silence_hits_exhausted']).toBe('false');
  });

  test('hangs up when the file cannot be made', async () => {
    await party.control.execute('record', `${join(directory, 'no', 'such', 'directory.wav')} 1`);
    expect(await party.caller.phone.next('BYE')).toContain('DESTINATION_OUT_OF_ORDER');
  });
});

describe('record_session and uuid_record', () => {
  test('record beside everything else, into a directory that is made, once for each file', async () => {
    const path = join(directory, 'new', 'both.wav');
    await scene.client.command('event json RECORD_START RECORD_STOP');
    await scene.run(party, 'record_session', path);
    await scene.run(party, 'record_session', path);
    expect(await scene.client.event('RECORD_START')).toMatchObject({ 'Record-File-Path': path });
    await scene.run(party, 'playback', 'tone_stream://%(200,0,500)');
    await scene.run(party, 'stop_record_session', path);
    const told = await scene.client.event('RECORD_STOP');
    expect(told).toMatchObject({ 'Record-File-Path': path, 'Record-Completion-Cause': 'success-maxtime' });
    expect(Number(told['variable_record_ms'])).toBeGreaterThan(0);
    expect((await readFile(path)).toString('latin1', 0, 4)).toBe('RIFF');
  });

  test('uuid_record has a limit, masks, and answers as it does there', async () => {
    const path = join(directory, 'leg.wav');
    const record = (what: string) => scene.client.api(`uuid_record ${party.uuid} ${what}`);
    await scene.client.command('event json RECORD_STOP');
    expect(await record(`start ${path} 1`)).toBe('+OK Success\n');
    expect(await record(`start ${path} 1`)).toBe('+OK Success\n');
    expect(await record(`mask ${path}`)).toBe('+OK Success\n');
    expect(await record(`unmask ${path}`)).toBe('+OK Success\n');
    // Packets are what the time of a recording is counted in.
    await scene.client.event('RECORD_STOP');
    expect(await record(`stop ${path}`)).toBe('-ERR Cannot stop record session!\n');
    expect(await record('stop all')).toBe('-ERR Cannot stop record session!\n');
    expect(await record('foo bar')).toMatch(/^-USAGE: <uuid> \[start\|stop\|mask\|unmask\]/);
  });
});

describe('play_and_get_digits', () => {
  const ask = async (argument: string, keys: string) => {
    await party.control.execute('play_and_get_digits', argument);
    await party.control.event('PLAYBACK_START');
    if (keys !== '') await party.probe.sendDigits(keys);
    return scene.end(party, 'play_and_get_digits');
  };

  test('a key ends the prompt, a terminator the entry', async () => {
    const prompt = 'tone_stream://%(60000,0,400)';
    expect(await ask(`1 4 1 5000 # ${prompt} silence_stream://20 digits \\d+ 5000`, '12#')).toMatchObject({
      variable_digits: '12',
      variable_read_terminator_used: '#',
      variable_read_result: 'success',
    });
  });

  test('so does as many digits as may be, and the time between two', async () => {
    const rest = '5000 # silence_stream://20 silence_stream://20 digits \\d+';
    expect(await ask(`1 2 1 ${rest} 5000`, '34')).toMatchObject({
      variable_digits: '34',
      variable_read_result: 'success',
    });
    expect(await ask(`1 4 1 ${rest} 400`, '56')).toMatchObject({
      variable_digits: '56',
      variable_read_result: 'timeout',
    });
  });

  test('what does not fit the pattern is kept apart, and asked again', async () => {
    const answer = await ask('2 4 2 400 # silence_stream://20 silence_stream://20 digits ^1\\d+ 400', '22#');
    expect(answer).toMatchObject({ variable_digits_invalid: '22', variable_read_result: 'failure' });
    expect(answer).not.toHaveProperty('variable_digits');
  });

  test('nothing entered is a failure after all tries, and an answer where none is needed', async () => {
    const nothing = await ask('1 4 2 300 # silence_stream://20 silence_stream://20 digits \\d+ 300', '');
    expect(nothing).toMatchObject({ variable_read_result: 'failure', 'Application-Response': '_none_' });
    const empty = await ask('0 4 1 5000 # silence_stream://20 silence_stream://20 digits \\d+ 300', '#');
    expect(empty).toMatchObject({ variable_read_terminator_used: '#', variable_read_result: 'success' });
  });

  test('what is left out is nothing: no prompt, no pattern', async () => {
    const answer = await scene.run(party, 'play_and_get_digits', '1 4 1 300');
    expect(answer).toMatchObject({ variable_read_result: 'failure' });
  });
});

describe('uuid_bridge', () => {
  test('lets two channels hear each other, with their sockets as they were; unbridged they are parked', async () => {
    const other = await scene.party('customer');
    expect(await scene.client.api(`uuid_bridge ${party.uuid} ${other.uuid}`)).toBe(`+OK ${other.uuid}\n`);
    await Promise.all([party.probe.hears(other.voice), other.probe.hears(party.voice)]);
    expect((await scene.run(party, 'set', 'colour=green'))['variable_colour']).toBe('green');
    expect(await scene.client.api(`uuid_transfer ${party.uuid} -both park inline`)).toBe('+OK\n');
    for (const { control } of [party, other]) {
      const parked = (event: Readonly<Record<string, string>>) =>
        event['Event-Name'] === 'CHANNEL_EXECUTE' && event['Application'] === 'park';
      await control.events.nextWhere(parked);
    }
    await party.probe.hearsNo(other.voice);
    expect((await scene.run(other, 'set', 'colour=red'))['variable_colour']).toBe('red');
  });

  test('tells of bridge and unbridge; who is left when the other hangs up lives on', async () => {
    const other = await scene.party('customer');
    await scene.client.command('event json CHANNEL_BRIDGE CHANNEL_UNBRIDGE CHANNEL_PARK');
    const parties = { 'Bridge-A-Unique-ID': party.uuid, 'Bridge-B-Unique-ID': other.uuid };
    await scene.client.api(`uuid_bridge ${party.uuid} ${other.uuid}`);
    expect(await scene.client.event('CHANNEL_BRIDGE')).toMatchObject(parties);
    await party.control.execute('hangup');
    const ended = ['CHANNEL_UNBRIDGE', 'CHANNEL_PARK'];
    const seen: Record<string, Readonly<Record<string, string>>> = {};
    while (Object.keys(seen).length < 2) {
      const event = await scene.client.events.nextWhere((each) => ended.includes(each['Event-Name'] ?? ''));
      seen[event['Event-Name'] ?? ''] = event;
    }
    expect(seen['CHANNEL_UNBRIDGE']).toMatchObject(parties);
    expect(seen['CHANNEL_PARK']).toMatchObject({ 'Unique-ID': other.uuid });
    expect(await scene.client.api(`uuid_exists ${other.uuid}`)).toBe('true');
  });

  test('takes a member out of its conference', async () => {
    const other = await scene.party('customer');
    await scene.join(other, 'left@lab');
    await scene.client.api(`uuid_bridge ${party.uuid} ${other.uuid}`);
    await party.probe.hears(other.voice);
    expect(await scene.client.api('conference left list')).toBe('-ERR Conference left not found\n');
  });

  test('wants two channels that are there', async () => {
    expect(await scene.client.api(`uuid_bridge ${party.uuid} nobody`)).toBe('-ERR Invalid uuid\n');
    expect(await scene.client.api(`uuid_bridge ${party.uuid}`)).toBe('-USAGE: <uuid> <other_uuid>\n');
  });
});

test('uuid_broadcast plays to a channel', async () => {
  expect(await scene.client.api(`uuid_broadcast ${party.uuid} tone_stream://%(60,0,400) aleg`)).toBe(
    '+OK Message sent\n',
  );
  expect(await party.control.event('PLAYBACK_STOP')).toMatchObject({ 'Playback-Status': 'done' });
  expect(await scene.client.api('uuid_broadcast nobody x')).toBe('-ERR invalid uuid\n');
  expect(await scene.client.api(`uuid_broadcast ${party.uuid}`)).toMatch(/^-USAGE: <uuid> <path>/);
});

test('uuid_recv_dtmf is a digit of the phone', async () => {
  expect(await scene.client.api(`uuid_recv_dtmf ${party.uuid} 7`)).toBe(`+OK ${party.uuid} received DTMF 7.\n`);
  expect(await party.control.event('DTMF')).toMatchObject({ 'DTMF-Digit': '7', 'DTMF-Source': 'APP' });
});

test('say and speak without a module for it are taken and play nothing', async () => {
  expect((await scene.run(party, 'say', 'en NUMBER pronounced 12'))['Application-Response']).toBe('_none_');
  expect((await scene.run(party, 'speak', 'flite|slt|hello'))['Application-Response']).toBe('_none_');
});
