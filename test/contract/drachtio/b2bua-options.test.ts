import type Srf from 'drachtio-srf';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bridge, bridged } from './bridging.ts';
import { callVia } from './calling.ts';
import { Inbox } from './inbox.ts';
import { CallerDialog, Peer, sdp, type SentRequest } from './peer.ts';
import { realServer, startServer, type ServerUnderTest } from './server-under-test.ts';
import { connectSrf, onRequest, requestInDialog } from './srf-app.ts';

/** What `createB2BUA` of drachtio-srf offers; with EARPIECE_DRACHTIO on a real drachtio-server. */
let server: ServerUnderTest;
let srf: Srf;
let caller: Peer;
let agent: Peer;

beforeEach(async () => {
  server = await startServer();
  srf = await connectSrf(server);
  [caller, agent] = await Promise.all([Peer.open('caller'), Peer.open('agent')]);
});

afterEach(async () => {
  srf.disconnect();
  await Promise.all([caller.close(), agent.close()]);
  await server.close();
});

const callIn = (headers: Record<string, string> = {}, body = sdp('caller')): SentRequest =>
  callVia(server, caller, headers, body);

async function answeredBy(sent: SentRequest): Promise<CallerDialog> {
  const dialog = new CallerDialog(caller, sent.request, await sent.final());
  await dialog.ack();
  return dialog;
}

const sent = {
  Subject: 'hello',
  'X-Tenant': 'seven',
  'P-Asserted-Identity': '<sip:boss@example.com>',
  Priority: 'urgent',
};

test('proxyRequestHeaders: those that are named go on, and no others', async () => {
  bridge(srf, agent, { proxyRequestHeaders: ['subject', 'X-Tenant', 'X-Absent'], headers: { 'X-Own': 'ours' } });
  const call = callIn(sent);
  const { headers } = (await agent.accept()).request;
  expect([headers.get('subject'), headers.get('x-tenant'), headers.get('x-own')]).toEqual(['hello', 'seven', 'ours']);
  for (const absent of ['priority', 'p-asserted-identity', 'x-absent']) expect(headers.has(absent)).toBe(false);
  await answeredBy(call);
});

test('proxyRequestHeaders all, less some: everything but what belongs to the hop', async () => {
  bridge(srf, agent, { proxyRequestHeaders: ['all', '-Priority'] });
  const call = callIn({
    ...sent,
    'Record-Route': '<sip:127.0.0.1:9;lr>',
    Route: `<sip:127.0.0.1:${server.sipPort};lr>`,
  });
  const { headers } = (await agent.accept()).request;
  expect([headers.get('subject'), headers.get('x-tenant')]).toEqual(['hello', 'seven']);
  expect(headers.get('p-asserted-identity')).toBe('<sip:boss@example.com>');
  for (const absent of ['priority', 'route', 'record-route']) expect(headers.has(absent)).toBe(false);
  expect(headers.getAll('via')).toHaveLength(1);
  expect((await call.final()).status).toBe(200);
});

test('the caller’s number and name are shown to the callee, unless others are given', async () => {
  bridge(srf, agent);
  const first = callIn({ From: '"Ann" <sip:4711@127.0.0.1>;tag=a1' });
  const { headers } = (await agent.accept()).request;
  expect(headers.get('from')).toMatch(new RegExp(`^"?Ann"? <sip:4711@127\\.0\\.0\\.1:${server.sipPort}>;tag=`));
  expect(headers.get('contact')).toContain('sip:4711@127.0.0.1');
  expect((await first.final()).status).toBe(200);
});

test('callingNumber and callingName', async () => {
  bridge(srf, agent, { callingNumber: '100', callingName: 'Desk' });
  const call = callIn();
  const { headers } = (await agent.accept()).request;
  expect(headers.get('from')).toMatch(new RegExp(`^"?Desk"? <sip:100@127\\.0\\.0\\.1:${server.sipPort}>;tag=`));
  await answeredBy(call);
});

test('proxyResponseHeaders and responseHeaders, in provisional and final responses', async () => {
  bridge(srf, agent, { proxyResponseHeaders: ['X-Queue', 'alert-info'], responseHeaders: { 'X-Own': 'ours' } });
  const call = callIn();
  const received = await agent.next('INVITE');
  const said = { 'X-Queue': 'three', 'Alert-Info': '<http://example.com/ring.wav>', 'X-Secret': 'no' };
  await agent.answer(received, 180, said);
  const ringing = (await call.provisional(180)).headers;
  await agent.answer(received, 200, said, sdp('agent'));
  const answer = (await call.final()).headers;
  for (const headers of [ringing, answer]) {
    expect([headers.get('x-queue'), headers.get('x-own')]).toEqual(['three', 'ours']);
    expect(headers.get('alert-info')).toBe('<http://example.com/ring.wav>');
    expect(headers.has('x-secret')).toBe(false);
  }
});

test('responseHeaders may be a function of the response', async () => {
  bridge(srf, agent, { responseHeaders: (response: Srf.SrfResponse) => ({ 'X-Status': String(response.status) }) });
  const call = callIn();
  await agent.answer(await agent.next('INVITE'), 486);
  const { status, headers } = await call.final();
  expect([status, headers.get('x-status')]).toEqual([486, '486']);
});

test('early media: the body of a 183 reaches the caller', async () => {
  bridge(srf, agent);
  const call = callIn();
  const received = await agent.next('INVITE');
  await agent.answer(received, 183, {}, sdp('early'));
  const early = await call.provisional(183);
  expect(early.body).toBe(sdp('early'));
  expect(early.headers.get('content-type')).toBe('application/sdp');
  expect(early.headers.get('to')).toContain(';tag=');
  await agent.answer(received, 200, {}, sdp('agent'));
  const answer = await call.final();
  expect(answer.headers.get('to')).toBe(early.headers.get('to'));
});

test('passProvisionalResponses: false keeps ringing from the caller', async () => {
  bridge(srf, agent, { passProvisionalResponses: false });
  const call = callIn();
  const received = await agent.next('INVITE');
  await agent.answer(received, 180);
  await agent.answer(received, 200, {}, sdp('agent'));
  expect((await call.final()).status).toBe(200);
  expect(call.seen).toEqual([100, 200]);
});

test('passFailure: false leaves the answer to the application, which may try somebody else', async () => {
  const other = await Peer.open('other');
  srf.invite((req, res) => {
    const first = srf.createB2BUA(req, res, agent.uri, { passFailure: false, localSdpB: req.body });
    void first.catch(() => srf.createB2BUA(req, res, other.uri, { localSdpB: req.body }));
  });
  const call = callIn();
  await agent.answer(await agent.next('INVITE'), 480);
  await other.accept();
  const answer = await call.final();
  expect([answer.status, answer.body]).toEqual([200, sdp('other')]);
  await other.close();
});

test('localSdpB is offered, localSdpA answers: a string or a function of what the callee said', async () => {
  bridge(srf, agent, { localSdpB: sdp('mixer'), localSdpA: (answer: string) => answer.replace('o=agent', 'o=mixed') });
  const call = callIn();
  expect((await agent.accept()).request.body).toBe(sdp('mixer'));
  expect((await call.final()).body).toBe(sdp('mixed'));
});

test('an INVITE without an offer: the callee’s offer goes to the caller, the answer to the callee, in the two ACKs', async () => {
  const outcomes = bridge(srf, agent);
  const call = callIn({}, '');
  const received = await agent.next('INVITE');
  expect(received.request.body).toBe('');
  await agent.answer(received, 200, {}, sdp('offer'));
  const answer = await call.final();
  expect(answer.body).toBe(sdp('offer'));
  await new CallerDialog(caller, call.request, answer).ack(sdp('answer'));
  expect((await agent.acks.next()).body).toBe(sdp('answer'));
  const { uac } = await bridged(outcomes);
  expect(uac.remote.sdp).toBe(sdp('offer'));
});

test('a callee that challenges gets credentials; the caller notices nothing', async () => {
  const auth = { username: 'me', password: 'secret' };
  srf.invite((req, res) => void srf.createB2BUA(req, res, agent.uri, { localSdpB: req.body, auth }));
  const call = callIn();
  const challenge = { 'Proxy-Authenticate': 'Digest realm="r", nonce="n", algorithm=MD5, qop="auth"' };
  await agent.answer(await agent.next('INVITE'), 407, challenge);
  const again = await agent.accept();
  expect(again.request.headers.get('proxy-authorization')).toContain('username="me"');
  expect((await call.final()).status).toBe(200);
  expect(call.seen).toEqual([100, 200]);
});

test('a challenge that is answered with another one fails with it', async () => {
  const auth = { username: 'me', password: 'wrong' };
  srf.invite((req, res) => {
    srf.createB2BUA(req, res, agent.uri, { localSdpB: req.body, auth }).catch(() => undefined);
  });
  const call = callIn();
  const challenge = { 'WWW-Authenticate': 'Digest realm="r", nonce="n", algorithm=MD5' };
  await agent.answer(await agent.next('INVITE'), 401, challenge);
  await agent.answer(await agent.next('INVITE'), 401, challenge);
  expect((await call.final()).status).toBe(401);
});

test('hold and unhold are told apart from other changes, and answered', async () => {
  const outcomes = bridge(srf, agent);
  const call = callIn();
  await agent.accept();
  const dialog = await answeredBy(call);
  const { uas } = await bridged(outcomes);
  const told = new Inbox<string>();
  for (const event of ['hold', 'unhold']) onRequest(uas, event, () => told.put(event));
  const held = await dialog.send('INVITE', {}, sdp('caller', 'sendonly')).final();
  await dialog.ack();
  expect(held.body).toContain('a=recvonly');
  expect(await told.next()).toBe('hold');
  expect((await dialog.send('INVITE', {}, sdp('caller')).final()).body).toContain('a=sendrecv');
  await dialog.ack();
  expect(await told.next()).toBe('unhold');
});

test('we hold and unhold with modify; a refused change leaves the dialog usable', async () => {
  const outcomes = bridge(srf, agent);
  const call = callIn();
  await agent.accept();
  await answeredBy(call);
  const { uac } = await bridged(outcomes);
  for (const [change, attribute] of [
    ['hold', 'a=inactive'],
    ['unhold', 'a=sendrecv'],
  ] as const) {
    const modified = uac.modify(change);
    const received = await agent.next('INVITE');
    expect(received.request.body).toContain(attribute);
    await agent.answer(received, 200, {}, sdp('agent'));
    await modified;
  }
  const refused = requestInDialog(uac, { method: 'INVITE', body: sdp('new') });
  await agent.answer(await agent.next('INVITE'), 488);
  expect((await refused).status).toBe(488);
  const info = requestInDialog(uac, { method: 'INFO' });
  await agent.answer(await agent.next('INFO'), 200);
  expect((await info).status).toBe(200);
});

test.skipIf(realServer)('a BYE of ours while our re-INVITE is open cancels that', async () => {
  // drachtio-server 0.9.10 means to, and forgets the re-INVITE without a word on the wire.
  const outcomes = bridge(srf, agent);
  const call = callIn();
  await agent.accept();
  await answeredBy(call);
  const { uac } = await bridged(outcomes);
  void requestInDialog(uac, { method: 'INVITE', body: sdp('new') });
  const reInvite = await agent.next('INVITE');
  await agent.answer(reInvite, 180);
  void requestInDialog(uac, { method: 'BYE' });
  await agent.answer(await agent.next('BYE'), 200);
  await agent.cancels.next();
  await agent.answer(reInvite, 487);
});

test('a phone that moves in its answer to our re-INVITE is reached where it is now', async () => {
  const outcomes = bridge(srf, agent);
  const call = callIn();
  await agent.accept();
  await answeredBy(call);
  const { uac } = await bridged(outcomes);
  const moved = await Peer.open('moved');
  const modified = uac.modify(sdp('new'));
  await agent.answer(await agent.next('INVITE'), 200, { Contact: moved.contact }, sdp('agent'));
  await modified;
  // RFC 3261 12.2.1.2; drachtio-server 0.9.10 goes on sending to where the phone was.
  const heard = realServer === undefined ? moved : agent;
  const info = requestInDialog(uac, { method: 'INFO' });
  await heard.answer(await heard.next('INFO'), 200);
  expect((await info).status).toBe(200);
  await moved.close();
});
