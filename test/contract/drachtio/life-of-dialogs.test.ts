import type { SipTarget } from '../../../src/embedded/sip/transport.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DrachtioServer } from '../../../src/embedded/drachtio/server.ts';
import { CallerDialog, Peer, sdp } from './peer.ts';
import { RawApp } from './raw-app.ts';
import { freshCallId, udpTarget } from './server-under-test.ts';

/** What the server does by itself: when applications die, when ACKs or refreshes stay away, when INVITEs cross. */
let server: DrachtioServer;
let app: RawApp;
let caller: Peer;
let agent: Peer;

beforeEach(async () => {
  server = await DrachtioServer.listen({ secret: 'cymru', second: 5, timers: { T1: 20 } });
  app = await RawApp.authenticated(server.adminPort, 'invite', 'info', 'bye', 'options');
  caller = await Peer.open('caller');
  agent = await Peer.open('agent');
});

afterEach(async () => {
  app.close();
  await Promise.all([caller.close(), agent.close()]);
  await server.close();
});

const target = (): SipTarget => udpTarget(server);
const invite = (callId: string, headers: Record<string, string> = {}): ReturnType<Peer['send']> =>
  caller.send(caller.request('INVITE', `sip:a@127.0.0.1:${server.sipPort}`, callId, headers, sdp('caller')), target());

/** The frame of a request: its transaction and dialog. */
const frameOf = async (method: string): Promise<{ transaction: string; dialog: string; text: string }> => {
  const text = await app.frames.nextWhere((frame) => frame.includes(`\r\n${method} `));
  const [, , , , , , , , transaction = '', dialog = ''] = (text.split('\r\n')[0] ?? '').split('|');
  return { transaction, dialog, text };
};
const respond = (transaction: string, status: number, body = ''): Promise<string> =>
  app.ask(`sip|${transaction}|\r\nSIP/2.0 ${status} Whatever\r\n\r\n${body}`);

/** A call the application answered. */
async function answeredCall(
  callId: string,
  headers: Record<string, string> = {},
): Promise<CallerDialog & { id: string }> {
  const sent = invite(callId, headers);
  const { transaction } = await frameOf('INVITE');
  await respond(transaction, 200, sdp('app'));
  const dialog = new CallerDialog(caller, sent.request, await sent.final());
  await dialog.ack();
  const { dialog: id } = await frameOf('ACK');
  return Object.assign(dialog, { id });
}

/** A call the application made; the agent's INVITE transaction and the dialog's id. */
async function madeCall(): Promise<{ id: string; received: Awaited<ReturnType<Peer['next']>> }> {
  app.say(`sip||\r\nINVITE ${agent.uri} SIP/2.0\r\n\r\n${sdp('app')}`);
  const received = await agent.accept();
  const text = await app.frames.nextWhere((frame) => frame.includes('\r\nSIP/2.0 200 '));
  const id = text.split('|')[9] ?? '';
  expect(await app.ask(`sip||${id}\r\nACK sip:placeholder SIP/2.0\r\n\r\n`)).toMatch(/^OK\|/);
  await agent.acks.next();
  return { id, received };
}

test('an application dies: its dialogs answer 481, also for the next one; BYE clears them; new calls work', async () => {
  const dialog = await answeredCall('orphan');
  app.close();
  await expect.poll(() => server.numbers.apps).toBe(0);
  expect((await dialog.send('INFO').final()).status).toBe(481);
  expect((await invite('no-app').final()).status).toBe(503);
  app = await RawApp.authenticated(server.adminPort, 'invite');
  expect((await dialog.send('INVITE').final()).status).toBe(481);
  expect(server.numbers.dialogs).toBe(1);
  expect((await dialog.send('BYE').final()).status).toBe(481);
  expect(server.numbers.dialogs).toBe(0);
  await answeredCall('next');
});

test('any application may send in an orphaned dialog', async () => {
  const { id } = await answeredCall('inherited');
  app.close();
  await expect.poll(() => server.numbers.apps).toBe(0);
  app = await RawApp.authenticated(server.adminPort);
  app.say(`sip||${id}\r\nBYE sip:placeholder SIP/2.0\r\n\r\n`);
  await caller.answer(await caller.next('BYE'), 200);
  const answer = await app.frames.nextWhere((frame) => frame.includes('\r\nSIP/2.0 200 '));
  expect(answer).toContain(`|${id}|\r\n`);
  expect(server.numbers.dialogs).toBe(0);
});

test('an application dies before it answered: the caller hears nothing more, and can cancel', async () => {
  const sent = invite('unanswered');
  await frameOf('INVITE');
  await sent.provisional(100);
  app.close();
  await expect.poll(() => server.numbers.apps).toBe(0);
  sent.cancel();
  expect((await sent.final()).status).toBe(487);
});

test('an application dies while its own INVITE rings: the late 200 is acknowledged and hung up', async () => {
  app.say(`sip||\r\nINVITE ${agent.uri} SIP/2.0\r\n\r\n${sdp('app')}`);
  const received = await agent.next('INVITE');
  app.close();
  await expect.poll(() => server.numbers.apps).toBe(0);
  await agent.answer(received, 200, {}, sdp('agent'));
  await agent.acks.next();
  await agent.answer(await agent.next('BYE'), 200);
  expect(server.numbers.dialogs).toBe(0);
});

test('no ACK to our 200: it is repeated, then the server hangs up and says so', async () => {
  const sent = invite('no-ack');
  const { transaction } = await frameOf('INVITE');
  await respond(transaction, 200, sdp('app'));
  expect([(await sent.final()).status, (await sent.final()).status, (await sent.final()).status]).toEqual([
    200, 200, 200,
  ]);
  const bye = await caller.next('BYE');
  expect(bye.request.headers.get('reason')).toContain('ACK timeout');
  const told = await app.frames.nextWhere((frame) => frame.includes('\r\nBYE '));
  expect(told).toMatch(
    /^[\w-]+\|sip\|application\|\d+\|udp\|127\.0\.0\.1\|\d+\|[\d:.]+\|unsolicited\|no-ack;from-tag=/,
  );
});

test('a repeated 200 gets the same ACK again, a 200 of another branch is acknowledged and hung up', async () => {
  const { received } = await madeCall();
  const repeat = async (tag?: string): Promise<void> => {
    const to = received.request.headers.get('to') ?? '';
    await agent.answer(received, 200, tag === undefined ? {} : { To: `${to};tag=${tag}` }, sdp('agent'));
  };
  await repeat();
  const again = await agent.acks.next();
  expect(again.headers.get('to')).toContain(received.transaction.localTag);
  await repeat('other-branch');
  expect((await agent.acks.next()).headers.get('to')).toContain('other-branch');
  const bye = await agent.next('BYE');
  expect(bye.request.headers.get('to')).toContain('other-branch');
});

test('a BYE, UPDATE or re-INVITE for a dialog nobody has: 481', async () => {
  for (const method of ['BYE', 'UPDATE', 'INVITE']) {
    const request = caller.request(method, `sip:a@127.0.0.1:${server.sipPort}`, `unknown-${method}`, {
      To: '<sip:a@127.0.0.1>;tag=nobody',
    });
    expect((await caller.send(request, target()).final()).status, method).toBe(481);
  }
  const lone = caller.request('BYE', `sip:a@127.0.0.1:${server.sipPort}`, 'no-tag');
  expect((await caller.send(lone, target()).final()).status).toBe(481);
});

test('anything else for a dialog nobody has is given to an application, as if it were outside dialogs', async () => {
  for (const method of ['INFO', 'OPTIONS']) {
    const headers = { To: '<sip:a@127.0.0.1>;tag=nobody' };
    const uri = `sip:a@127.0.0.1:${server.sipPort}`;
    const sent = caller.send(caller.request(method, uri, freshCallId('unknown'), headers), udpTarget(server));
    const { transaction, dialog } = await frameOf(method);
    expect(dialog).toBe('');
    await respond(transaction, 481);
    expect((await sent.final()).status, method).toBe(481);
  }
});

test('the right Call-ID with a wrong tag is not the dialog', async () => {
  const dialog = await answeredCall('tags');
  const forged = dialog.send('BYE', { To: '<sip:a@127.0.0.1>;tag=forged' });
  expect((await forged.final()).status).toBe(481);
  expect(server.numbers.dialogs).toBe(1);
});

test('glare: a re-INVITE that meets ours gets 491; a second one of the same side 500 with Retry-After', async () => {
  const dialog = await answeredCall('glare');
  app.say(`sip||${dialog.id}\r\nINVITE sip:placeholder SIP/2.0\r\n\r\n${sdp('app')}`);
  const ours = await caller.next('INVITE');
  expect((await dialog.send('INVITE', {}, sdp('caller')).final()).status).toBe(491);
  await caller.answer(ours, 491);
  await app.frames.nextWhere((frame) => frame.includes('\r\nSIP/2.0 491 '));
  const first = dialog.send('INVITE', {}, sdp('caller'));
  const { transaction } = await frameOf('INVITE');
  const second = await dialog.send('INVITE', {}, sdp('caller')).final();
  expect(second.status).toBe(500);
  expect(Number(second.headers.get('retry-after'))).toBeLessThanOrEqual(10);
  await respond(transaction, 200, sdp('app'));
  expect((await first.final()).status).toBe(200);
});

test('a request out of order in its dialog: 500', async () => {
  const dialog = await answeredCall('order');
  const info = dialog.send('INFO');
  await respond((await frameOf('INFO')).transaction, 200);
  await info.final();
  expect((await dialog.send('INFO', { CSeq: '1 INFO' }).final()).status).toBe(500);
});

test('a caller that was to refresh and does not: BYE at the end of the interval, the application is told', async () => {
  await answeredCall('stale', { 'Session-Expires': '90;refresher=uac', Supported: 'timer' });
  const bye = await caller.next('BYE');
  expect(bye.request.headers.get('reason')).toBe('SIP;cause=200;text="Session timer expired"');
  expect(await app.frames.nextWhere((frame) => frame.includes('\r\nBYE '))).toContain('|unsolicited|stale;from-tag=');
  expect(server.numbers.dialogs).toBe(0);
});

test('a refresh of the server, refused as unknown, ends the dialog', async () => {
  await answeredCall('refresh', { 'Session-Expires': '90;refresher=uas', Supported: 'timer' });
  const first = await caller.next('INVITE');
  expect(first.request.headers.get('session-expires')).toBe('90;refresher=uac');
  expect(first.request.headers.get('min-se')).toBe('90');
  expect(first.request.body).toBe(sdp('app'));
  await caller.answer(first, 200, { 'Session-Expires': '90;refresher=uac' }, sdp('caller'));
  await caller.acks.next();
  await caller.answer(await caller.next('INVITE'), 481);
  await caller.next('BYE');
  expect(await app.frames.nextWhere((frame) => frame.includes('\r\nBYE '))).toContain('|unsolicited|');
});

test('an application that re-INVITEs while the server refreshes gets 491 at once', async () => {
  const dialog = await answeredCall('busy-refresh', { 'Session-Expires': '90;refresher=uas', Supported: 'timer' });
  const refresh = await caller.next('INVITE');
  app.say(`sip||${dialog.id}\r\nINVITE sip:placeholder SIP/2.0\r\n\r\n${sdp('app')}`);
  expect(await app.frames.nextWhere((frame) => frame.includes('\r\nSIP/2.0 491 '))).toContain('|network|0|udp||0|');
  await caller.answer(refresh, 200, {}, sdp('caller'));
});

test('Record-Route: requests of the dialog go to the proxy, in the right order on either side', async () => {
  const proxy = await Peer.open('proxy');
  const route = `<${proxy.uri};lr>`;
  const sent = invite('routed', { 'Record-Route': `${route}, <sip:far.example;lr>` });
  const { transaction } = await frameOf('INVITE');
  await respond(transaction, 200, sdp('app'));
  const answer = await sent.final();
  expect(answer.headers.get('record-route')).toBe(`${route}, <sip:far.example;lr>`);
  const dialog = new CallerDialog(caller, sent.request, answer);
  await dialog.ack();
  const { dialog: id } = await frameOf('ACK');
  app.say(`sip||${id}\r\nINFO sip:placeholder SIP/2.0\r\n\r\n`);
  const info = await proxy.next('INFO');
  expect(info.request.uri).toBe(caller.uri);
  expect(info.request.headers.getAll('route')).toEqual([route, '<sip:far.example;lr>']);
  await proxy.answer(info, 200);

  app.say(
    `sip|||${proxy.uri}\r\nINVITE sip:callee@nowhere.example SIP/2.0\r\nRoute: <sip:ignored.example;lr>\r\n\r\n${sdp('app')}`,
  );
  const out = await proxy.next('INVITE');
  expect(out.request.uri).toBe('sip:callee@nowhere.example');
  expect(out.request.headers.has('route')).toBe(false);
  const recorded = { 'Record-Route': `<sip:far.example;lr>, ${route}`, Contact: '<sip:callee@nowhere.example>' };
  await proxy.answer(out, 200, recorded, sdp('callee'));
  const text = await app.frames.nextWhere((frame) => frame.includes('\r\nSIP/2.0 200 OK') && frame.includes('callee'));
  await app.ask(`sip||${text.split('|')[9] ?? ''}\r\nACK sip:placeholder SIP/2.0\r\n\r\n`);
  const ack = await proxy.acks.next();
  expect(ack.uri).toBe('sip:callee@nowhere.example');
  expect(ack.headers.getAll('route')).toEqual([route, '<sip:far.example;lr>']);
  await proxy.close();
});

test('the same INVITE by two ways: one is served, the other gets 482', async () => {
  const first = invite('merged');
  const { transaction } = await frameOf('INVITE');
  expect((await invite('merged').final()).status).toBe(482);
  await respond(transaction, 486);
  expect((await first.final()).status).toBe(486);
});

test('what an application does not answer is dropped, and answering later is refused', async () => {
  const request = caller.request('OPTIONS', `sip:a@127.0.0.1:${server.sipPort}`, 'slow');
  const sent = caller.send(request, target());
  const { transaction } = await frameOf('OPTIONS');
  await expect.poll(() => respond(transaction, 100), { timeout: 10_000 }).toMatch(/^NOK\|.*unknown transaction/);
  expect(sent.request.method).toBe('OPTIONS');
});
