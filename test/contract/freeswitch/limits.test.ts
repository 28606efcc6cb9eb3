import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Caller, header, sdp } from './caller.ts';
import { controlledCall } from './controlled-call.ts';
import { Controller, EventSocketClient } from './event-socket-client.ts';
import { type FreeSwitchUnderTest, freeSwitchUnderTest, REAL } from './under-test.ts';

let server: FreeSwitchUnderTest;
let controller: Controller;
let client: EventSocketClient;
const open: { close(): unknown }[] = [];

beforeEach(async () => {
  server = await freeSwitchUnderTest({ heartbeatSeconds: 1, maxSessions: 1200, sessionsPerSecond: 200 });
  controller = await Controller.listen();
  client = await EventSocketClient.authenticated(server.eventSocketPort);
});

afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
  const defaults = REAL ? ['max_sessions 1200', 'resume', 'shutdown cancel'] : [];
  for (const command of defaults) await client.api(`fsctl ${command}`);
  client.close();
  controller.close();
  await server.close();
});

async function call(): Promise<string> {
  const made = await controlledCall(server, controller);
  open.push(made.control, made.caller);
  return made.uuid;
}

/** What an INVITE is answered with that is not taken. */
async function refusal(): Promise<string> {
  const caller = await Caller.open(server.sipPort);
  open.push(caller);
  const response = await caller.request('INVITE', sdp(), controller.headers);
  caller.send('ACK');
  return response;
}

const FULL = /^SIP\/2\.0 503 Maximum Calls In Progress\r\n/;

describe('a full server', () => {
  test('takes one call less than max_sessions says, refuses the next, and goes on when one has ended', async () => {
    expect(await client.api('fsctl max_sessions 3')).toBe('+OK max sessions: 3\n');
    const first = await call();
    await call();
    const response = await refusal();
    expect(response).toMatch(FULL);
    expect(header(response, 'Retry-After')).toBe('300');
    expect(await client.api('status')).toContain('3 session(s) max\n');
    expect(await client.api('fsctl max_sessions')).toBe('+OK max sessions: 3\n');
    await client.api(`uuid_kill ${first}`);
    // A real one still counts a refused call for some seconds.
    await expect.poll(() => client.api('status'), { timeout: 20_000 }).toContain('\n1 session(s) - peak');
    await call();
  });

  test('does not take more than fit in at once', async () => {
    await client.api('fsctl max_sessions 3');
    const callers = await Promise.all(Array.from({ length: 8 }, () => Caller.open(server.sipPort)));
    open.push(...callers);
    const responses = await Promise.all(callers.map((each) => each.request('INVITE', sdp(), controller.headers)));
    for (const each of callers) each.send('ACK');
    const taken = responses.filter((each) => each.startsWith('SIP/2.0 200'));
    expect(taken.length).toBeLessThanOrEqual(2);
    expect(responses.filter((each) => FULL.test(each))).toHaveLength(8 - taken.length);
  });
});

describe('a server that is drained', () => {
  test('paused inbound it refuses calls and keeps those it has; it still says ready', async () => {
    const uuid = await call();
    expect(await client.api('fsctl pause inbound')).toBe('+OK\n');
    expect(await client.api('fsctl pause_check inbound')).toBe('true');
    expect(await client.api('fsctl pause_check')).toBe('false');
    expect(await client.api('fsctl ready_check')).toBe('true');
    expect(await refusal()).toMatch(FULL);
    expect(await client.api(`uuid_exists ${uuid}`)).toBe('true');
    expect(await client.api('fsctl resume inbound')).toBe('+OK\n');
    await call();
  });

  test('paused altogether it is not ready', async () => {
    await client.api('fsctl pause');
    expect(await client.api('fsctl ready_check')).toBe('false');
    expect(await client.api('status')).toMatch(/^FreeSWITCH \(Version .*\) is not ready$/m);
    await client.api('fsctl resume');
    expect(await client.api('fsctl pause_check')).toBe('false');
  });

  test('shutdown asap waits for the last call, may be cancelled, and takes nobody meanwhile', async () => {
    const uuid = await call();
    const other = await EventSocketClient.authenticated(server.eventSocketPort);
    open.push(other);
    await client.command('event json SHUTDOWN_REQUESTED');
    const waiting = other.api('fsctl shutdown asap');
    expect(await client.event('SHUTDOWN_REQUESTED')).toMatchObject({ 'Event-Info': 'ASAP' });
    expect(await client.api('fsctl shutdown_check')).toBe('true');
    expect(await refusal()).toMatch(FULL);
    expect(await client.api('fsctl shutdown cancel')).toBe('+OK\n');
    expect(await waiting).toBe('+OK\n');
    expect(await client.api('fsctl shutdown_check')).toBe('false');
    expect(await client.api(`uuid_exists ${uuid}`)).toBe('true');
    await call();
  });

  test.skipIf(REAL)('shutdown ends the calls and the server, `now` without a word', async () => {
    await client.command('event json SHUTDOWN CHANNEL_HANGUP');
    await call();
    expect(await client.api('fsctl shutdown')).toBe('+OK\n');
    await client.closed;
    const told = client.events.rest.map((event) => event['Event-Info'] ?? event['Hangup-Cause']);
    expect(told).toEqual(['System Shutting Down', 'SYSTEM_SHUTDOWN']);
  });
});

test('HEARTBEAT tells load and limits', async () => {
  await call();
  await client.command('event json HEARTBEAT');
  const told = await client.event('HEARTBEAT');
  expect(told).toMatchObject({ 'Event-Info': 'System Ready', 'Session-Count': '1', 'Max-Sessions': '1200' });
  expect(told['FreeSWITCH-Version']).toMatch(/^1\.10\.12-release.*~64bit$/);
  const numbers = ['Session-Per-Sec', 'Session-Per-Sec-Last', 'Session-Per-Sec-Max', 'Session-Per-Sec-FiveMin'];
  const more = ['Session-Since-Startup', 'Session-Peak-Max', 'Session-Peak-FiveMin', 'Uptime-msec'];
  for (const name of [...numbers, ...more]) expect(told[name], name).toMatch(/^\d+$/);
  const idle = Number(told['Idle-CPU']);
  expect(idle).toBeGreaterThanOrEqual(0);
  expect(idle).toBeLessThanOrEqual(100);
  expect(told['Idle-CPU']).toMatch(/^\d+\.\d{6}$/);
});

test('fsctl says what it takes, and what it does not', async () => {
  expect(await client.api('fsctl')).toMatch(/^-USAGE: \[api_expansion \[on\|off\]\|recover\|/);
  expect(await client.api('fsctl nonsense')).toMatch(/^-ERR Invalid command\nUSAGE: fsctl \[api_expansion/);
  expect(await client.api('fsctl sps')).toBe('+OK sessions per second: 200\n');
  expect(await client.api('fsctl last_sps')).toMatch(/^\+OK last sessions per second: \d+\n$/);
  expect(await client.api('fsctl sps_peak_reset')).toBe('+OK max sessions per second counter reset\n');
  expect(await client.api('fsctl min_idle_cpu')).toBe('+OK min idle cpu: DISABLED\n');
});
