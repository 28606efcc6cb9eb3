import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FreeSwitch } from '../../../src/embedded/freeswitch/freeswitch.ts';
import { type ControlledCall, controlledCall, join } from './controlled-call.ts';
import { Controller, EventSocketClient } from './event-socket-client.ts';

interface Exchange {
  readonly command: string;
  readonly reply: string;
}

const fixture = async <T>(name: string): Promise<T> =>
  JSON.parse(await readFile(new URL(`../../fixtures/freeswitch/${name}.json`, import.meta.url), 'utf8')) as T;

/** Recorded from FreeSWITCH 1.10.12 with three members: 1 came deaf, 2 with everything, 3 mute. */
const recorded = await fixture<Record<string, Exchange[]>>('replies');
/** Header names of the events of the same recordings; those of channel variables and of source lines left out. */
const headers = await fixture<Record<string, string[]>>('headers');

/** Ids, addresses and times differ; who is talking is not listed here. */
const normal = (reply: string): string =>
  reply
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '<uuid>')
    .replace(/127\.0\.0\.1:\d+/g, '<address>')
    .replace(/\|?(talking|floor)(?=[|;])/g, '')
    .replace(/("talking"|"has_floor"):\t(true|false)/g, '$1:\t<whoever>')
    .replace(/<(talking|has_floor)>(true|false)</g, '<$1><whoever><')
    .replace(/(run_time=")\d+/g, '$1<seconds>')
    .replace(/("(?:run_time|join_time|last_talking)"):\t\d+/g, '$1:\t<seconds>')
    .replace(/<(join_time|last_talking)>(\d+|N\/A)</g, '<$1><seconds><');

let server: FreeSwitch;
let controller: Controller;
let client: EventSocketClient;
let calls: ControlledCall[];

beforeEach(async () => {
  server = await FreeSwitch.listen();
  controller = await Controller.listen();
  client = await EventSocketClient.authenticated(server.eventSocketPort);
  calls = [];
  for (const port of [40_000, 40_002, 40_004]) calls.push(await controlledCall(server, controller, port));
});

afterEach(async () => {
  for (const { caller, control } of calls) {
    control.close();
    caller.close();
  }
  client.close();
  controller.close();
  await server.close();
});

async function seat(flags: readonly string[], profile: string): Promise<void> {
  for (const [index, flag] of flags.entries()) {
    const call = calls[index];
    if (call !== undefined) await join(call, `c1@${profile}${flag === '' ? '' : `++flags{${flag}}`}`);
  }
}

describe('api replies are those of FreeSWITCH 1.10.12', () => {
  test.each(Object.keys(recorded))('%s', async (scene) => {
    const directory = await mkdtemp(joinPath(tmpdir(), 'recording-'));
    const fill = (text: string): string =>
      text.replaceAll('{directory}', directory).replaceAll('{caller}', calls[0]?.uuid ?? '');
    if (scene === 'talk') await seat(['deaf', ''], 'default');
    else await seat(['deaf', '', 'mute'], 'lab');
    const answered: Exchange[] = [];
    for (const { command } of recorded[scene] ?? []) {
      answered.push({ command, reply: normal(await client.api(fill(command))) });
    }
    const expected = (recorded[scene] ?? []).map(({ command, reply }) => ({ command, reply: normal(fill(reply)) }));
    expect(answered).toEqual(expected);
    await rm(directory, { recursive: true });
  });
});

describe('events have the headers of FreeSWITCH 1.10.12', () => {
  const missing = (kind: string, names: Iterable<string>): string[] => {
    const there = new Set(names);
    return (headers[kind] ?? []).filter((name) => !there.has(name));
  };

  test('connect: what fsmrf reads, and Content-Type at the end', () => {
    const frame = calls[0]?.connected;
    const names = [...(frame?.headers.keys() ?? [])];
    expect(missing('connect', names).filter((name) => !name.startsWith('variable_'))).toEqual([]);
    const read = ['rtp_local_sdp_str', 'local_media_ip', 'local_media_port', 'switch_r_sdp', 'remote_media_ip'];
    const more = ['remote_media_port', 'dtmf_type', 'sip_call_id', 'sip_user_agent'];
    expect([...read, ...more].filter((name) => !names.includes(`variable_${name}`))).toEqual([]);
    expect(names.slice(-4)).toEqual(['Content-Type', 'Reply-Text', 'Socket-Mode', 'Control']);
  });

  test('conference, channel and playback events', async () => {
    await client.command('event json ALL');
    await seat(['', ''], 'lab');
    for (const command of [
      'mute 1',
      'unmute 1',
      'deaf 1',
      'undeaf 1',
      'volume_in 1 2',
      'energy 1 5',
      'lock',
      'unlock',
    ]) {
      await client.api(`conference c1 ${command}`);
    }
    await client.api('conference c1 play tone_stream://%(20,0,500)');
    await client.event('CUSTOM', 'play-file-done');
    await client.api('conference c1 kick 1');
    await client.api('conference c1 hup 2');
    await client.event('CUSTOM', 'conference-destroy');
    await calls[0]?.control.execute('playback', 'tone_stream://%(20,0,500)');
    await client.event('PLAYBACK_STOP');
    await calls[0]?.control.execute('hangup');
    await client.event('CHANNEL_HANGUP_COMPLETE');
    const events = client.frames
      .filter((frame) => frame.headers.get('Content-Type') === 'text/event-json')
      .map((frame) => JSON.parse(frame.body) as Record<string, string>);
    const kind = (event: Record<string, string>): string =>
      `${event['Event-Name'] ?? ''} ${event['Action'] ?? ''}`.trim();
    // Who talks, and recordings of a whole conference, are not reported; digits and heartbeats have tests of their own.
    const without = /talking|recording|DTMF|HEARTBEAT|connect/;
    for (const expected of Object.keys(headers).filter((each) => !without.test(each))) {
      const found = events.find((event) => kind(event) === expected);
      expect(found, expected).toBeDefined();
      expect({ [expected]: missing(expected, Object.keys(found ?? {})) }).toEqual({ [expected]: [] });
    }
  });
});
