import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FreeSwitch } from '../../../src/embedded/freeswitch/freeswitch.ts';
import { audioPort, bodyOf, Caller, header, sdp } from './caller.ts';
import { EventSocketClient } from './event-socket-client.ts';

let server: FreeSwitch;
let client: EventSocketClient;
let caller: Caller;

beforeEach(async () => {
  server = await FreeSwitch.listen({ transactions: { timers: { T1: 20 } } });
  client = await EventSocketClient.authenticated(server.eventSocketPort);
  caller = await Caller.open(server.sipPort);
});

afterEach(async () => {
  client.close();
  caller.close();
  await server.close();
});

const channels = async (): Promise<string> => client.api('show channels count');

/** The only channel there is, as `uuid_dump … json` tells of it. */
async function dump(): Promise<Record<string, string>> {
  const { rows } = JSON.parse(await client.api('show channels as json')) as { rows: { uuid: string }[] };
  return JSON.parse(await client.api(`uuid_dump ${rows[0]?.uuid ?? ''} json`)) as Record<string, string>;
}

describe('a call', () => {
  test('is answered in the first codec of the offer that we have', async () => {
    const answer = await caller.call(sdp({ payloads: '18 8 0 101', port: 40_100 }));
    expect(answer).toMatch(/^SIP\/2\.0 200 OK/);
    expect(bodyOf(answer)).toMatch(/m=audio \d+ RTP\/AVP 8 101\r\n/);
    expect(header(answer, 'Contact')).toBe(`<sip:park@127.0.0.1:${server.sipPort};transport=udp>`);
    expect(await dump()).toMatchObject({
      'Channel-Call-State': 'ACTIVE',
      variable_read_codec: 'PCMA',
      variable_remote_media_port: '40100',
      variable_local_media_port: String(audioPort(answer)),
    });
  });

  test('ends with the BYE of the caller', async () => {
    await client.command('event json CHANNEL_HANGUP_COMPLETE');
    await caller.call();
    expect(await channels()).toBe('\n1 total.\n');
    expect(await caller.request('BYE')).toMatch(/^SIP\/2\.0 200/);
    expect(await client.event('CHANNEL_HANGUP_COMPLETE')).toMatchObject({ 'Hangup-Cause': 'NORMAL_CLEARING' });
    expect(await channels()).toBe('\n0 total.\n');
    expect(await caller.request('OPTIONS')).toMatch(/^SIP\/2\.0 481/);
  });

  test('ends with ours', async () => {
    await caller.call();
    const { 'Unique-ID': uuid } = await dump();
    expect(await client.api(`uuid_kill ${uuid ?? ''} CALL_REJECTED`)).toBe('+OK\n');
    // What +OK promises: its audio is gone.
    expect((await server.engine.stats()).streams).toBe(0);
    const bye = await caller.phone.next('BYE');
    expect(bye).toContain('Reason: Q.850;cause=21;text="CALL_REJECTED"');
    expect(bye).toMatch(new RegExp(`^BYE sip:127\\.0\\.0\\.1:${caller.phone.port} SIP/2\\.0`));
    caller.answer(bye);
    expect(await client.api(`uuid_exists ${uuid ?? ''}`)).toBe('false');
  });

  test('without an offer: ours is plain RTP in both kinds of G.711, the answer comes in the ACK', async () => {
    await client.command('event json CHANNEL_EXECUTE');
    const offer = await caller.request('INVITE');
    expect(bodyOf(offer)).toMatch(/m=audio \d+ RTP\/AVP 0 8 101\r\n/);
    expect(await channels()).toBe('\n0 total.\n');
    caller.send('ACK', sdp({ payloads: '8 101', port: 40_200 }));
    expect(await client.event('CHANNEL_EXECUTE')).toMatchObject({ Application: 'park' });
    expect(await dump()).toMatchObject({ variable_read_codec: 'PCMA', variable_remote_media_port: '40200' });
  });

  test('whose ACK never comes is ended', async () => {
    await caller.request('INVITE', sdp());
    // Repeated until then (RFC 3261 section 13.3.1.4).
    expect(await caller.phone.next('SIP/2.0 200')).toContain('INVITE');
    expect(await caller.phone.next('BYE')).toContain('RECOVERY_ON_TIMER_EXPIRE');
    expect(await channels()).toBe('\n0 total.\n');
  });

  test('is not ended with a BYE before its ACK came', async () => {
    await caller.request('INVITE', sdp());
    const { 'Unique-ID': uuid } = await dump();
    await client.api(`uuid_kill ${uuid ?? ''}`);
    await client.api('status');
    expect(caller.phone.received.rest.filter((text) => text.startsWith('BYE'))).toEqual([]);
    caller.send('ACK');
    expect(await caller.phone.next('BYE')).toContain('cause=16');
  });
});

describe('what is refused', () => {
  test.each([
    ['no codec in common', sdp({ payloads: '18' }), 488, 'Q.850;cause=88;text="INCOMPATIBLE_DESTINATION"'],
    [
      'only encrypted audio',
      sdp().replace('RTP/AVP', 'RTP/SAVP'),
      488,
      'Q.850;cause=88;text="INCOMPATIBLE_DESTINATION"',
    ],
    ['no audio', sdp().replace('m=audio', 'm=video'), 488, 'Q.850;cause=88;text="INCOMPATIBLE_DESTINATION"'],
    ['a broken description', 'this is no session description', 400, ''],
    ['no address', sdp().replace(/c=.*\r\n/, ''), 400, ''],
    ['no port', sdp().replace('40000', 'x'), 400, ''],
  ])('%s', async (_what, offer, status, reason) => {
    const response = await caller.request('INVITE', offer);
    expect(response).toMatch(new RegExp(`^SIP/2\\.0 ${status}`));
    expect(header(response, 'Reason')).toBe(reason);
    expect(await channels()).toBe('\n0 total.\n');
    expect((await server.engine.stats()).streams).toBe(0);
  });

  test('a destination that does not exist', async () => {
    expect(await caller.request('INVITE', sdp(), [], 'nobody')).toMatch(/^SIP\/2\.0 404/);
  });

  test('a body that is no session description by its type', async () => {
    expect(await caller.request('INVITE', 'hello', ['Content-Type: text/plain'])).toMatch(/^SIP\/2\.0 415/);
  });

  test('an INVITE without Contact', async () => {
    caller.mangle = (message) => message.replace(/^Contact:.*\r\n/m, '');
    expect(await caller.request('INVITE', sdp())).toMatch(/^SIP\/2\.0 400/);
  });

  test('what was cancelled before it was answered', async () => {
    caller.send('INVITE', sdp());
    caller.send('CANCEL');
    const responses = [await caller.phone.next('SIP/2.0 '), await caller.phone.next('SIP/2.0 ')];
    expect(responses.map((each) => `${each.slice(8, 11)} ${header(each, 'CSeq')}`).sort()).toEqual([
      '200 1 CANCEL',
      '487 1 INVITE',
    ]);
    await expect.poll(async () => (await server.engine.stats()).streams).toBe(0);
  });

  test('methods outside of what we allow, and requests in no dialog', async () => {
    expect(header(await caller.request('SUBSCRIBE'), 'Allow')).toContain('INVITE');
    expect(await caller.request('BYE')).toMatch(/^SIP\/2\.0 481/);
    expect(await caller.request('OPTIONS')).toMatch(/^SIP\/2\.0 200/);
  });
});

describe('changing a call', () => {
  test('re-INVITE moves the address, changes the codec, and keeps our port', async () => {
    const first = await caller.call(sdp({ payloads: '0 101' }));
    const second = await caller.call(sdp({ payloads: '8 101', port: 40_300 }));
    expect(audioPort(second)).toBe(audioPort(first));
    expect(bodyOf(second)).toMatch(/RTP\/AVP 8 101/);
    const version = (message: string) => Number(/o=\S+ \d+ (\d+)/.exec(message)?.[1]);
    expect(version(second)).toBeGreaterThan(version(first));
    expect(await dump()).toMatchObject({ variable_read_codec: 'PCMA', variable_remote_media_port: '40300' });
  });

  test.each([
    ['sendonly', 'recvonly'],
    ['inactive', 'inactive'],
    ['recvonly', 'sendonly'],
  ])('%s is answered %s; held is who does not listen', async (offered, answered) => {
    await client.command('event json CHANNEL_CALLSTATE');
    await caller.call();
    const response = await caller.call(sdp({ direction: offered }));
    expect(bodyOf(response)).toContain(`a=${answered}\r\n`);
    if (offered === 'recvonly') return;
    expect(await client.event('CHANNEL_CALLSTATE')).toMatchObject({ 'Channel-Call-State': 'HELD' });
    await caller.call();
    expect(await client.event('CHANNEL_CALLSTATE')).toMatchObject({ 'Channel-Call-State': 'UNHELD' });
    expect(await client.event('CHANNEL_CALLSTATE')).toMatchObject({ 'Channel-Call-State': 'ACTIVE' });
  });

  test('the old way to hold: address 0.0.0.0', async () => {
    await caller.call();
    expect(bodyOf(await caller.call(sdp({ address: '0.0.0.0' })))).toContain('a=recvonly\r\n');
  });

  test('an offer that cannot be met leaves the call as it was', async () => {
    await caller.call();
    expect(await caller.request('INVITE', sdp({ payloads: '18' }))).toMatch(/^SIP\/2\.0 488/);
    expect(await dump()).toMatchObject({ variable_read_codec: 'PCMU', 'Answer-State': 'answered' });
  });

  test('UPDATE does the same without an ACK, and without a body nothing', async () => {
    await caller.call();
    expect(bodyOf(await caller.request('UPDATE', sdp({ payloads: '8 101' })))).toMatch(/RTP\/AVP 8 101/);
    expect(await caller.request('UPDATE')).toMatch(/^SIP\/2\.0 200/);
    expect(await dump()).toMatchObject({ variable_read_codec: 'PCMA' });
  });

  test('re-INVITE without an offer asks for ours; until it is answered no other is taken', async () => {
    await caller.call();
    expect(bodyOf(await caller.request('INVITE'))).toMatch(/RTP\/AVP 0 8 101/);
    expect(await caller.request('UPDATE', sdp())).toMatch(/^SIP\/2\.0 491/);
  });

  test('other streams are refused one by one, in their places', async () => {
    const offer = `${sdp().replace(/m=audio/, 'm=video 5000 RTP/AVP 96\r\nm=audio')}m=audio 5002 RTP/AVP 0\r\n`;
    const lines = bodyOf(await caller.call(offer)).match(/^m=.*$/gm);
    expect(lines).toEqual([
      'm=video 0 RTP/AVP 96',
      expect.stringMatching(/^m=audio [1-9]\d* RTP\/AVP 0 101$/) as string,
      'm=audio 0 RTP/AVP 0',
    ]);
  });

  test('digits in INFO', async () => {
    await client.command('event json DTMF');
    await caller.call();
    const relay = 'Signal=5\r\nDuration=160\r\n';
    expect(await caller.request('INFO', relay, ['Content-Type: application/dtmf-relay'])).toMatch(/^SIP\/2\.0 200/);
    expect(await client.event('DTMF')).toMatchObject({ 'DTMF-Digit': '5', 'DTMF-Duration': '1280' });
  });

  test('a request older than the last one is out of order', async () => {
    await caller.call();
    await caller.request('OPTIONS');
    caller.mangle = (message) => message.replace(/^CSeq: \d+/m, 'CSeq: 1');
    expect(await caller.request('OPTIONS')).toMatch(/^SIP\/2\.0 500/);
  });
});
