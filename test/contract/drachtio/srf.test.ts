import type Srf from 'drachtio-srf';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DrachtioServer } from '../../../src/embedded/drachtio/server.ts';
import { CallerDialog, Peer, sdp, type SentRequest } from './peer.ts';
import { connectSrf, handle, hangUp, requestInDialog, requestStatus } from './srf-app.ts';
import { Inbox } from './inbox.ts';
import { freshCallId, realServer, startServer, udpTarget, type ServerUnderTest } from './server-under-test.ts';

/** Unmodified drachtio-srf, phones around it; with EARPIECE_DRACHTIO on a real drachtio-server. */
let server: ServerUnderTest;
let srf: Srf;
let caller: Peer;
let agent: Peer;

beforeEach(async () => {
  server = await startServer({ timers: { T1: 100 } });
  srf = await connectSrf(server);
  caller = await Peer.open('caller');
  agent = await Peer.open('agent');
});

afterEach(async () => {
  srf.disconnect();
  await Promise.all([caller.close(), agent.close()]);
  await server.close();
});

const callIn = (callId: string, from = caller, headers: Record<string, string> = {}): SentRequest => {
  const port = from.protocol === 'tcp' ? server.sipTcpPort : server.sipPort;
  const invite = from.request('INVITE', `sip:agent@127.0.0.1:${port}`, freshCallId(callId), headers, sdp(from.name));
  return from.send(invite, { protocol: from.protocol, address: '127.0.0.1', port });
};

interface Bridge {
  readonly uas: Srf.Dialog;
  readonly uac: Srf.Dialog;
}

/** Every INVITE is put through to the agent; what came of it arrives in the inbox. */
function bridgeTo(target: Peer, options: Srf.CreateB2BUAOptions = {}): Inbox<Bridge | Error> {
  const outcomes = new Inbox<Bridge | Error>();
  srf.invite((req, res) => {
    srf.createB2BUA(req, res, target.uri, { localSdpB: req.body, ...options }).then(
      ({ uas, uac }) => {
        uas.on('destroy', () => void hangUp(uac));
        uac.on('destroy', () => void hangUp(uas));
        outcomes.put({ uas, uac });
      },
      (error: unknown) => outcomes.put(error instanceof Error ? error : new Error(String(error))),
    );
  });
  return outcomes;
}

/** A bridged call that is up. */
async function bridgedCall(callId: string, from = caller, to = agent): Promise<Bridge & { dialog: CallerDialog }> {
  const outcomes = bridgeTo(to);
  const invite = callIn(callId, from);
  await to.accept();
  const answer = await invite.final();
  expect(answer.status).toBe(200);
  const dialog = new CallerDialog(from, invite.request, answer);
  await dialog.ack();
  const bridge = await outcomes.next();
  if (bridge instanceof Error) throw bridge;
  return { ...bridge, dialog };
}

test.each([
  ['udp', 'udp'],
  ['tcp', 'udp'],
  ['udp', 'tcp'],
  ['tcp', 'tcp'],
] as const)(
  'createB2BUA from %s to %s: both hear each other’s SDP, BYE from the caller ends both',
  async (from, to) => {
    const [one, other] = [await Peer.open('one', from), await Peer.open('other', to)];
    const { uas, uac, dialog } = await bridgedCall('b2bua', one, other);
    expect(uas.remote.sdp).toBe(sdp('one'));
    expect(uac.remote.sdp).toBe(sdp('other'));
    expect((await other.acks.next()).headers.get('cseq')).toMatch(/ ACK$/);
    const bye = dialog.send('BYE');
    const received = await other.next('BYE');
    await other.answer(received, 200);
    expect((await bye.final()).status).toBe(200);
    expect(received.transaction.source.protocol).toBe(to);
    expect(server.dialogs).toBe(0);
    await Promise.all([one.close(), other.close()]);
  },
);

test('BYE from the callee ends both', async () => {
  const { uac, dialog } = await bridgedCall('bye-by-callee');
  const invite = { callId: uac.sip.callId, localTag: uac.sip.localTag, remoteTag: uac.sip.remoteTag };
  const bye = agent.request('BYE', `sip:127.0.0.1:${server.sipPort}`, invite.callId, {
    From: `${agent.contact};tag=${invite.remoteTag}`,
    To: `<sip:caller@127.0.0.1>;tag=${invite.localTag}`,
  });
  const sent = agent.send(bye, udpTarget(server));
  await caller.answer(await caller.next('BYE'), 200);
  expect((await sent.final()).status).toBe(200);
  expect((await dialog.send('BYE').final()).status).toBe(481);
});

test('createUAS answers, its dialog can hang up', async () => {
  const up = new Inbox<Srf.Dialog>();
  srf.invite((req, res) => {
    void srf.createUAS(req, res, { localSdp: sdp('uas') }).then((dialog) => up.put(dialog));
  });
  const invite = callIn('uas');
  const answer = await invite.final();
  expect(answer.body).toBe(sdp('uas'));
  expect(answer.headers.get('contact')).toBe(`<sip:127.0.0.1:${server.sipPort}>`);
  await new CallerDialog(caller, invite.request, answer).ack();
  const hungUp = hangUp(await up.next());
  await caller.answer(await caller.next('BYE'), 200);
  await hungUp;
  expect(server.dialogs).toBe(0);
});

test('createUAC: headers are completed, several provisional responses come in order, the ACK follows', async () => {
  const provisionals = new Inbox<number>();
  const calling = srf.createUAC(
    agent.uri,
    { localSdp: sdp('uac'), headers: { From: 'sip:me@localhost', 'X-Thing': '1' } },
    { cbProvisional: (response) => provisionals.put(response.status) },
  );
  const invite = await agent.next('INVITE');
  const { headers } = invite.request;
  expect(headers.get('from')).toMatch(new RegExp(`^<sip:me@127\\.0\\.0\\.1:${server.sipPort}>;tag=\\w+$`));
  expect(headers.get('contact')).toMatch(new RegExp(`^<sip:(\\w+@)?127\\.0\\.0\\.1:${server.sipPort}>$`));
  expect(headers.get('x-thing')).toBe('1');
  expect(headers.get('content-type')).toBe('application/sdp');
  expect(headers.get('max-forwards')).toBe('70');
  for (const status of [100, 180, 183, 180]) await agent.answer(invite, status);
  for (const status of [180, 183, 180]) expect(await provisionals.next()).toBe(status);
  await agent.answer(invite, 200, {}, sdp('agent'));
  const ack = await agent.acks.next();
  expect((await calling).remote.sdp).toBe(sdp('agent'));
  expect(ack.headers.get('cseq')).toBe(headers.get('cseq')?.replace('INVITE', 'ACK'));
  expect(ack.headers.get('to')).toContain(';tag=');
});

test.each([[302], [404], [486], [503], [603]])(
  'a callee that answers %i is a SipError, ACKed by the server',
  async (status) => {
    const outcomes = bridgeTo(agent);
    const invite = callIn(`refused-${status}`);
    const received = await agent.next('INVITE');
    await agent.answer(received, status);
    expect((await invite.final()).status).toBe(status);
    expect(await outcomes.next()).toMatchObject({ status });
    await expect.poll(() => received.transaction.state).toBe('confirmed');
  },
);

test('CANCEL of the caller reaches the callee; 487 to the caller', async () => {
  const outcomes = bridgeTo(agent);
  const invite = callIn('cancelled');
  const received = await agent.next('INVITE');
  await agent.answer(received, 180);
  await invite.provisional(180);
  invite.cancel();
  const cancelled = await agent.cancels.next();
  await agent.answer({ transaction: cancelled, request: received.request }, 487);
  expect((await invite.final()).status).toBe(487);
  expect(await outcomes.next()).toMatchObject({ status: 487 });
  expect(server.dialogs).toBe(0);
});

test('a callee that is not there: a 503 of the server’s own', async () => {
  const gone = await Peer.open('gone');
  const { uri } = gone;
  await gone.close();
  await expect(srf.createUAC(uri, { localSdp: sdp('uac') })).rejects.toMatchObject({ status: 503 });
  await expect(srf.createUAC(`${uri};transport=tcp`, { localSdp: sdp('uac') })).rejects.toMatchObject({ status: 503 });
});

test('a callee that never says anything: 408 after 64*T1', async () => {
  const impatient = await DrachtioServer.listen({ secret: 'cymru', timers: { T1: 10 } });
  const app = await connectSrf(impatient);
  const calling = app.createUAC(agent.uri, { localSdp: sdp('uac') });
  await expect(calling).rejects.toMatchObject({ status: 408 });
  app.disconnect();
  await impatient.close();
});

test('re-INVITE from either side, with its ACK and the new target', async () => {
  const { uas, uac, dialog } = await bridgedCall('re-invite');
  uas.on('modify', (req, res) => {
    res.send(200, { body: sdp('held', 'recvonly') });
    expect(req.body).toBe(sdp('caller', 'sendonly'));
  });
  const moved = await Peer.open('moved');
  const reInvite = dialog.send('INVITE', { Contact: moved.contact }, sdp('caller', 'sendonly'));
  expect((await reInvite.final()).body).toBe(sdp('held', 'recvonly'));
  await dialog.ack();
  const modified = uac.modify(sdp('new'));
  const received = await agent.next('INVITE');
  expect(received.request.body).toBe(sdp('new'));
  await agent.answer(received, 200, {}, sdp('agent', 'inactive'));
  await modified;
  expect(uac.remote.sdp).toBe(sdp('agent', 'inactive'));
  // The caller's re-INVITE named another Contact: that is where we reach it now (RFC 3261 12.2.2). drachtio-server
  // 0.9.10 goes on sending to the first one.
  const info = requestInDialog(uas, { method: 'INFO' });
  const heard = realServer === undefined ? moved : caller;
  await heard.answer(await heard.next('INFO'), 200);
  expect((await info).status).toBe(200);
  await moved.close();
});

test('an offerless re-INVITE: the application’s ACK carries the answer', async () => {
  const { uac } = await bridgedCall('offerless');
  await agent.acks.next();
  const modified = uac.modify({ noAck: true }) as unknown as Promise<{ sdp: string; ack: (sdp: string) => void }>;
  const received = await agent.next('INVITE');
  expect(received.request.body).toBe('');
  await agent.answer(received, 200, {}, sdp('offer'));
  const { ack } = await modified;
  ack(sdp('answer'));
  const sent = await agent.acks.next();
  expect(sent.body).toBe(sdp('answer'));
});

test('INFO, MESSAGE, REFER, NOTIFY, UPDATE, OPTIONS go through a dialog both ways', async () => {
  const { uas, uac, dialog } = await bridgedCall('in-dialog');
  for (const method of ['INFO', 'MESSAGE', 'REFER', 'NOTIFY', 'UPDATE', 'OPTIONS'] as const) {
    uas.on(method.toLowerCase() as 'info', (req: Srf.SrfRequest, res: Srf.SrfResponse) => {
      res.send(202, { headers: { 'X-Echo': req.method } });
    });
    const answer = await dialog.send(method, {}, 'hello').final();
    expect([answer.status, answer.headers.get('x-echo')]).toEqual([202, method]);
    const asked = requestInDialog(uac, {
      method,
      headers: { 'X-Out': 'yes', 'Content-Type': 'text/plain' },
      body: 'hello',
    });
    const received = await agent.next(method);
    expect(received.request.headers.get('x-out')).toBe('yes');
    await agent.answer(received, 200);
    expect((await asked).status).toBe(200);
  }
});

test('requests outside dialogs: REGISTER, OPTIONS, MESSAGE in; OPTIONS out', async () => {
  for (const verb of ['register', 'options', 'message'] as const) {
    handle(srf, verb, (req, res) => {
      res.send(200, { headers: { Contact: '<sip:a@127.0.0.1>;expires=60', 'X-Verb': req.method } });
    });
  }
  const target = udpTarget(server);
  for (const method of ['REGISTER', 'OPTIONS', 'MESSAGE']) {
    const request = caller.request(method, `sip:127.0.0.1:${server.sipPort}`, freshCallId(method));
    const answer = await caller.send(request, target).final();
    expect([answer.status, answer.headers.get('x-verb')]).toEqual([200, method]);
    expect(answer.headers.get('contact')).toBe('<sip:a@127.0.0.1>;expires=60');
  }
  const asked = requestStatus(srf, agent.uri, { method: 'OPTIONS' });
  await agent.answer(await agent.next('OPTIONS'), 200);
  expect(await asked).toBe(200);
});

test('a challenge is answered with credentials in a new transaction of the same call', async () => {
  const calling = srf.createUAC(agent.uri, { localSdp: sdp('uac'), auth: { username: 'me', password: 'secret' } });
  const first = await agent.next('INVITE');
  await agent.answer(first, 401, { 'WWW-Authenticate': 'Digest realm="r", nonce="n", algorithm=MD5, qop="auth"' });
  const second = await agent.next('INVITE');
  const header = (name: string): (string | undefined)[] =>
    [first, second].map((each) => each.request.headers.get(name));
  expect(header('call-id')[1]).toBe(header('call-id')[0]);
  expect(header('from')[1]).toBe(header('from')[0]);
  expect(parseInt(header('cseq')[1] ?? '')).toBe(parseInt(header('cseq')[0] ?? '') + 1);
  expect(second.request.headers.get('authorization')).toContain('username="me"');
  await agent.answer(second, 200, {}, sdp('agent'));
  expect((await calling).remote.sdp).toBe(sdp('agent'));
});
