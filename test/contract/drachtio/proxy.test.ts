import type Srf from 'drachtio-srf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { callVia } from './calling.ts';
import { CallerDialog, Peer, sdp, type ReceivedRequest } from './peer.ts';
import { proxyInvites, proxyRequest, routedDialog } from './proxying.ts';
import { freshCallId, realServer, startServer, udpTarget, type ServerUnderTest } from './server-under-test.ts';
import { connectSrf, handle } from './srf-app.ts';

/** `proxyRequest` of drachtio-srf; with EARPIECE_DRACHTIO on a real drachtio-server. */
let server: ServerUnderTest;
let srf: Srf;
let caller: Peer;
let first: Peer;
let second: Peer;

beforeEach(async () => {
  server = await startServer();
  srf = await connectSrf(server);
  [caller, first, second] = await Promise.all([Peer.open('caller'), Peer.open('first'), Peer.open('second')]);
});

afterEach(async () => {
  srf.disconnect();
  await Promise.all([caller.close(), first.close(), second.close()]);
  await server.close();
});

const statuses = (result: Awaited<ReturnType<typeof proxyRequest>>): number[] =>
  result.responses.flatMap(({ msgs }) => msgs.map(({ status }) => status));

test('a request is forwarded with our Via, one hop less and a new address, and answered through us', async () => {
  const proxied = proxyInvites(srf, first.uri, { headers: { 'X-Tenant': 'seven', Via: 'nonsense' } });
  const sent = callVia(server, caller, { Subject: 'hello', 'Record-Route': '<sip:edge.example;lr>' });
  const received = await first.next('INVITE');
  const { headers, uri, body } = received.request;
  expect(uri).toBe(first.uri);
  expect(body).toBe(sdp('caller'));
  expect(headers.get('max-forwards')).toBe('69');
  expect(headers.get('x-tenant')).toBe('seven');
  expect(headers.get('subject')).toBe('hello');
  expect(headers.getAll('record-route')).toEqual(['<sip:edge.example;lr>']);
  for (const name of ['from', 'to', 'call-id', 'cseq', 'contact'])
    expect(headers.get(name)).toBe(sent.request.headers.get(name));
  expect(headers.getAll('via')).toHaveLength(2);
  await first.answer(received, 180);
  expect((await sent.provisional(180)).headers.getAll('via')).toHaveLength(1);
  await first.answer(received, 200, { 'X-Answer': 'yes' }, sdp('first'));
  const answer = await sent.final();
  expect([answer.status, answer.body, answer.headers.get('x-answer')]).toEqual([200, sdp('first'), 'yes']);
  expect(answer.headers.get('contact')).toBe(first.contact);
  // Nobody asked to stay: the rest of the dialog is between the two.
  await new CallerDialog(caller, sent.request, answer).ack();
  await first.acks.next();
  expect(await proxied).toMatchObject({ connected: true, finalStatus: 200 });
});

test('a request-URI that names somebody else stays, wherever the request is sent', async () => {
  const proxied = proxyInvites(srf, first.uri);
  const request = caller.request('INVITE', 'sip:agent@elsewhere.example', freshCallId('foreign'), {}, sdp('caller'));
  const sent = caller.send(request, udpTarget(server));
  const received = await first.next('INVITE');
  expect(received.request.uri).toBe('sip:agent@elsewhere.example');
  await first.answer(received, 486);
  expect((await sent.final()).status).toBe(486);
  expect(await proxied).toMatchObject({ connected: false, finalStatus: 486 });
});

describe('remainInDialog', () => {
  test('everything that follows goes through us in both directions', async () => {
    void proxyInvites(srf, first.uri, { remainInDialog: true });
    const sent = callVia(server, caller);
    const received = await first.next('INVITE');
    const us = received.request.headers.get('record-route') ?? '';
    expect(us).toMatch(new RegExp(`^<sip:127\\.0\\.0\\.1:${server.sipPort}.*;lr>$`));
    await first.answer(received, 200, { 'Record-Route': us }, sdp('first'));
    const answer = await sent.final();
    const dialog = routedDialog(caller, sent, answer);
    await dialog.ack();
    const ack = await first.acks.next();
    expect(ack.headers.getAll('via')).toHaveLength(2);
    expect(ack.headers.has('route')).toBe(false);
    const reInvite = dialog.send('INVITE', {}, sdp('caller', 'sendonly'));
    await first.answer(await first.next('INVITE'), 200, {}, sdp('first', 'recvonly'));
    expect((await reInvite.final()).body).toBe(sdp('first', 'recvonly'));
    await dialog.ack();
    const info = dialog.send('INFO', { 'Content-Type': 'text/plain' }, 'hello');
    const heard = await first.next('INFO');
    expect(heard.request.body).toBe('hello');
    await first.answer(heard, 200);
    expect((await info.final()).status).toBe(200);
    // The callee hangs up, by way of us.
    const { headers } = received.request;
    const bye = first.request('BYE', caller.uri, headers.get('call-id') ?? '', {
      From: answer.headers.get('to') ?? '',
      To: headers.get('from') ?? '',
      Route: us,
    });
    const hungUp = first.send(bye, udpTarget(server));
    const heardBye = await caller.next('BYE');
    expect(heardBye.request.headers.getAll('via')).toHaveLength(2);
    await caller.answer(heardBye, 200);
    expect((await hungUp.final()).status).toBe(200);
  });

  test('a REGISTER gets Path instead of Record-Route', async () => {
    handle(srf, 'register', (req) => void proxyRequest(srf, req, first.uri, { remainInDialog: true }));
    const request = caller.request('REGISTER', `sip:127.0.0.1:${server.sipPort}`, freshCallId('register'));
    const sent = caller.send(request, udpTarget(server));
    const received = await first.next('REGISTER');
    expect(received.request.headers.get('path')).toMatch(/^<sip:127\.0\.0\.1:\d+.*;lr>$/);
    expect(received.request.headers.get('require')).toBe('path');
    expect(received.request.headers.has('record-route')).toBe(false);
    await first.answer(received, 200);
    expect((await sent.final()).status).toBe(200);
  });
});

describe('several destinations, one after the other', () => {
  test('the next is tried when one refuses; the caller hears the best refusal', async () => {
    const proxied = proxyInvites(srf, [first.uri, second.uri]);
    const sent = callVia(server, caller);
    await first.answer(await first.next('INVITE'), 404);
    await second.answer(await second.next('INVITE'), 503);
    expect((await sent.final()).status).toBe(404);
    const result = await proxied;
    expect([result.connected, statuses(result)]).toEqual([false, [404, 503]]);
  });

  test('the second may accept', async () => {
    const proxied = proxyInvites(srf, [first.uri, second.uri]);
    const sent = callVia(server, caller);
    await first.answer(await first.next('INVITE'), 603);
    await second.answer(await second.next('INVITE'), 200, {}, sdp('second'));
    const answer = await sent.final();
    expect(answer.body).toBe(sdp('second'));
    await routedDialog(caller, sent, answer).ack();
    expect(await proxied).toMatchObject({ connected: true, finalStatus: 200 });
  });

  test('after the provisional time-out the next is tried', async () => {
    const proxied = proxyInvites(srf, [first.uri, second.uri], { provisionalTimeout: '200ms' });
    const sent = callVia(server, caller);
    const late = await first.next('INVITE');
    await second.answer(await second.next('INVITE'), 200, {}, sdp('second'));
    expect((await sent.final()).body).toBe(sdp('second'));
    expect(await proxied).toMatchObject({ connected: true, finalStatus: 200 });
    if (realServer !== undefined) return;
    // drachtio-server 0.9.10 lets it ring, and drops its answer.
    await first.answer(late, 180);
    await first.cancels.next();
  });

  test('redirections are followed when that is wanted, and passed back when not', async () => {
    void proxyInvites(srf, first.uri, { followRedirects: true });
    const sent = callVia(server, caller);
    await first.answer(await first.next('INVITE'), 302, { Contact: `<${second.uri}>` });
    const redirected = await second.next('INVITE');
    expect(redirected.request.uri).toBe(second.uri);
    await second.answer(redirected, 480);
    expect((await sent.final()).status).toBe(480);
  });

  test('a redirection nobody follows goes back to the caller', async () => {
    void proxyInvites(srf, first.uri);
    const sent = callVia(server, caller);
    await first.answer(await first.next('INVITE'), 302, { Contact: `<${second.uri}>` });
    const answer = await sent.final();
    expect([answer.status, answer.headers.get('contact')]).toEqual([302, `<${second.uri}>`]);
  });
});

describe('forking', () => {
  const both = async (): Promise<[ReceivedRequest, ReceivedRequest]> =>
    Promise.all([first.next('INVITE'), second.next('INVITE')]);

  test('all ring at once; the one that answers has the call, the others are cancelled', async () => {
    const proxied = proxyInvites(srf, [first.uri, second.uri], { forking: 'simultaneous' });
    const sent = callVia(server, caller);
    const [one, other] = await both();
    await first.answer(one, 180);
    await second.answer(other, 183);
    const tags = [await sent.provisional(180), await sent.provisional(183)].map(({ headers }) => headers.get('to'));
    expect(tags[0]).not.toBe(tags[1]);
    await second.answer(other, 200, {}, sdp('second'));
    expect((await sent.final()).body).toBe(sdp('second'));
    await first.cancels.next();
    await first.answer(one, 487);
    expect(await proxied).toMatchObject({ connected: true });
  });

  test('all refuse: a challenge is better than busy, busy is better than a failing server', async () => {
    void proxyInvites(srf, [first.uri, second.uri], { forking: 'simultaneous' });
    const sent = callVia(server, caller);
    const [one, other] = await both();
    await first.answer(one, 500);
    await second.answer(other, 486);
    expect((await sent.final()).status).toBe(486);
  });
});

test('CANCEL of the caller: 487 for it, CANCEL for whoever rings, the application hears how it ended', async () => {
  const proxied = proxyInvites(srf, [first.uri, second.uri], { forking: 'simultaneous' });
  const sent = callVia(server, caller);
  const [one, other] = await Promise.all([first.next('INVITE'), second.next('INVITE')]);
  await first.answer(one, 180);
  await second.answer(other, 180);
  await sent.provisional(180);
  await sent.provisional(180);
  sent.cancel();
  expect((await sent.final()).status).toBe(487);
  await Promise.all([first.cancels.next(), second.cancels.next()]);
  await first.answer(one, 487);
  await second.answer(other, 487);
  expect(await proxied).toMatchObject({ connected: false, finalStatus: 487 });
});

test('a challenge goes back at once, and the credentials go to whoever asked for them', async () => {
  srf.invite((req) => void proxyRequest(srf, req, [first.uri, second.uri]));
  const nonce = freshCallId('nonce');
  const challenge = `Digest realm="r", nonce="${nonce}", algorithm=MD5`;
  const asked = callVia(server, caller);
  await first.answer(await first.next('INVITE'), 404);
  await second.answer(await second.next('INVITE'), 407, { 'Proxy-Authenticate': challenge });
  expect((await asked.final()).headers.get('proxy-authenticate')).toBe(challenge);
  const credentials = { 'Proxy-Authorization': `Digest username="u", realm="r", nonce="${nonce}", response="x"` };
  const again = callVia(server, caller, credentials);
  const received = await second.next('INVITE');
  expect(received.request.headers.get('proxy-authorization')).toContain(nonce);
  await second.answer(received, 200, {}, sdp('second'));
  expect((await again.final()).body).toBe(sdp('second'));
  expect(first.requests.rest).toEqual([]);
});

test.each(['MESSAGE', 'OPTIONS', 'PUBLISH'])('%s is proxied too', async (method) => {
  handle(srf, method, (req) => void proxyRequest(srf, req, first.uri));
  for (const status of [200, 404]) {
    const request = caller.request(method, `sip:a@127.0.0.1:${server.sipPort}`, freshCallId(method));
    const sent = caller.send(request, udpTarget(server));
    await first.answer(await first.next(method), status);
    expect((await sent.final()).status).toBe(status);
  }
});

test.skipIf(realServer)('requests other than INVITE try one destination after the other', async () => {
  // drachtio-server 0.9.10 gives the caller the first refusal and drops what the others say.
  handle(srf, 'message', (req) => void proxyRequest(srf, req, [first.uri, second.uri]));
  const request = caller.request('MESSAGE', `sip:a@127.0.0.1:${server.sipPort}`, freshCallId('message'));
  const sent = caller.send(request, udpTarget(server));
  await first.answer(await first.next('MESSAGE'), 500);
  await second.answer(await second.next('MESSAGE'), 200);
  expect((await sent.final()).status).toBe(200);
});

test('Max-Forwards 0: 483 for the caller, an error for the application', async () => {
  const proxied = proxyInvites(srf, first.uri);
  const refused = expect(proxied).rejects.toThrow(/483 Too Many Hops/);
  const sent = callVia(server, caller, { 'Max-Forwards': '0' });
  expect((await sent.final()).status).toBe(483);
  await refused;
});

test('a destination nobody can send to: 500 for the caller, an error for the application', async () => {
  const proxied = proxyInvites(srf, 'sip:a@127.0.0.1;transport=sctp');
  const refused = expect(proxied).rejects.toThrow(/error proxying request/);
  const sent = callVia(server, caller);
  expect((await sent.final()).status).toBe(500);
  await refused;
});

test('a preloaded Route of the caller is taken out', async () => {
  void proxyInvites(srf, first.uri);
  const sent = callVia(server, caller, { Route: `<sip:127.0.0.1:${server.sipPort};lr>` });
  const received = await first.next('INVITE');
  expect(received.request.headers.has('route')).toBe(false);
  await first.answer(received, 486);
  expect((await sent.final()).status).toBe(486);
});
