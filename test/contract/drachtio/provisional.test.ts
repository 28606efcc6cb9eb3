import type Srf from 'drachtio-srf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bridge, bridged } from './bridging.ts';
import { callVia } from './calling.ts';
import { Inbox } from './inbox.ts';
import { CallerDialog, Peer, sdp, type ReceivedRequest, type SentRequest } from './peer.ts';
import { realServer, startServer, type ServerUnderTest } from './server-under-test.ts';
import { connectSrf, hangUp, sendReliably } from './srf-app.ts';

/**
 * What comes before the answer: reliable responses (RFC 3262) on either side, and answers of more than one phone. With
 * EARPIECE_DRACHTIO on a real drachtio-server.
 */
let server: ServerUnderTest;
let srf: Srf;
let caller: Peer;
let agent: Peer;

beforeEach(async () => {
  server = await startServer({ timers: { T1: 50 } });
  srf = await connectSrf(server);
  [caller, agent] = await Promise.all([Peer.open('caller'), Peer.open('agent')]);
});

afterEach(async () => {
  srf.disconnect();
  await Promise.all([caller.close(), agent.close()]);
  await server.close();
});

const callIn = (headers: Record<string, string> = { Supported: 'timer, 100rel' }): SentRequest =>
  callVia(server, caller, headers);

const reliable = (rseq: number): Record<string, string> => ({ Require: '100rel', RSeq: String(rseq) });
const taggedTo = ({ request }: ReceivedRequest, tag: string): Record<string, string> => ({
  To: `${request.headers.get('to') ?? ''};tag=${tag}`,
});

describe('reliable responses of ours', () => {
  test('are numbered and repeated until PRACK, which the server answers', async () => {
    srf.invite((_req, res) => {
      sendReliably(res, sdp('early'), () => {
        res.send(200, { body: sdp('late') });
      });
    });
    const invite = callIn();
    const [first, again] = [await invite.provisional(183), await invite.provisional(183)];
    const rseq = first.headers.get('rseq') ?? '';
    expect(rseq).toMatch(/^\d+$/);
    expect(again.headers.get('rseq')).toBe(rseq);
    expect(first.headers.get('require')).toBe('100rel');
    const early = new CallerDialog(caller, invite.request, first);
    expect((await early.send('PRACK', { RAck: `${rseq} 1 INVITE` }).final()).status).toBe(200);
    expect((await invite.final()).body).toBe(sdp('late'));
  });

  test.skipIf(realServer)('a PRACK for something else is told so', async () => {
    // drachtio-server 0.9.10 does not answer it, and ends itself when the right one never comes.
    srf.invite((_req, res) => {
      sendReliably(res, sdp('early'), () => undefined);
    });
    const invite = callIn();
    const early = new CallerDialog(caller, invite.request, await invite.provisional(183));
    expect((await early.send('PRACK', { RAck: '1 9 INVITE' }).final()).status).toBe(481);
  });

  test('are not sent to a caller that does not know PRACK', async () => {
    const refused = new Inbox<unknown>();
    srf.invite((_req, res) => {
      const sender = res as unknown as { send(status: number, parts: object, done: (error: unknown) => void): void };
      sender.send(183, { headers: { Require: '100rel' }, body: sdp('early') }, (error) => {
        refused.put(error);
        res.send(486);
      });
    });
    const invite = callIn({});
    expect(await refused.next()).toBe('Remote endpoint does not support 100rel');
    expect((await invite.final()).status).toBe(486);
    expect(invite.seen).toEqual([100, 486]);
  });
});

describe('reliable responses of a callee', () => {
  test('get a PRACK each, in the early dialog', async () => {
    const heard = new Inbox<number>();
    const calling = srf.createUAC(
      agent.uri,
      { localSdp: sdp('uac'), headers: { Supported: '100rel' } },
      { cbProvisional: (response) => heard.put(response.status) },
    );
    const invite = await agent.next('INVITE');
    const cseq = invite.request.headers.get('cseq') ?? '';
    for (const rseq of [41, 42]) {
      await agent.answer(invite, 183, reliable(rseq), sdp('early'));
      expect(await heard.next()).toBe(183);
      const prack = await agent.next('PRACK');
      expect(prack.request.headers.get('rack')).toBe(`${rseq} ${cseq}`);
      expect(prack.request.headers.get('to')).toContain(`tag=${invite.transaction.localTag}`);
      expect(prack.request.uri).toBe(agent.uri);
      await agent.answer(prack, 200);
    }
    await agent.answer(invite, 200, {}, sdp('agent'));
    expect((await agent.acks.next()).headers.get('cseq')).toBe(cseq.replace('INVITE', 'ACK'));
    expect((await calling).remote.sdp).toBe(sdp('agent'));
  });

  test('createB2BUA: the same reliability on both sides of it', async () => {
    const outcomes = bridge(srf, agent, {
      proxyRequestHeaders: ['supported'],
      proxyResponseHeaders: ['require'],
    });
    const call = callIn();
    const invite = await agent.next('INVITE');
    expect(invite.request.headers.get('supported')).toContain('100rel');
    await agent.answer(invite, 183, reliable(7), sdp('early'));
    await agent.answer(await agent.next('PRACK'), 200);
    const early = await call.provisional(183);
    expect(early.body).toBe(sdp('early'));
    const rseq = early.headers.get('rseq') ?? '';
    const dialog = new CallerDialog(caller, call.request, early);
    expect((await dialog.send('PRACK', { RAck: `${rseq} 1 INVITE` }).final()).status).toBe(200);
    await agent.answer(invite, 200, {}, sdp('agent'));
    expect((await call.final()).status).toBe(200);
    expect((await bridged(outcomes)).uac.remote.sdp).toBe(sdp('agent'));
  });
});

describe('a proxy beyond us forks our INVITE', () => {
  test('several phones ring, one answers: that one has the call', async () => {
    const provisionals = new Inbox<number>();
    const calling = srf.createUAC(
      agent.uri,
      { localSdp: sdp('uac') },
      { cbProvisional: (response) => provisionals.put(response.status) },
    );
    const invite = await agent.next('INVITE');
    for (const tag of ['one', 'two', 'three']) {
      await agent.answer(invite, 180, taggedTo(invite, tag));
      expect(await provisionals.next()).toBe(180);
    }
    await agent.answer(invite, 200, taggedTo(invite, 'two'), sdp('two'));
    expect((await agent.acks.next()).headers.get('to')).toContain('tag=two');
    const dialog = await calling;
    expect(dialog.sip.remoteTag).toBe('two');
    void hangUp(dialog);
    const bye = await agent.next('BYE');
    expect(bye.request.headers.get('to')).toContain('tag=two');
    await agent.answer(bye, 200);
  });

  test.skipIf(realServer)('two phones answer: the second is acknowledged and hung up', async () => {
    // drachtio-server 0.9.10 sends the second 200 the ACK to the first.
    const calling = srf.createUAC(agent.uri, { localSdp: sdp('uac') });
    const invite = await agent.next('INVITE');
    await agent.answer(invite, 200, taggedTo(invite, 'one'), sdp('one'));
    expect((await calling).sip.remoteTag).toBe('one');
    await agent.answer(invite, 200, taggedTo(invite, 'two'), sdp('two'));
    const tags = [await agent.acks.next(), await agent.acks.next()].map(({ headers }) => headers.get('to') ?? '');
    expect(tags.map((to) => to.split('tag=')[1])).toEqual(['one', 'two']);
    const bye = await agent.next('BYE');
    expect(bye.request.headers.get('to')).toContain('tag=two');
  });
});

test('a callee that rings may take longer than one that is silent', async () => {
  const silent = await Peer.open('silent');
  const calling = srf.createUAC(agent.uri, { localSdp: sdp('uac') });
  const invite = await agent.next('INVITE');
  await agent.answer(invite, 180);
  // RFC 3261 17.1.1.2: timer B ends with the first provisional response.
  await expect(srf.createUAC(silent.uri, { localSdp: sdp('uac') })).rejects.toMatchObject({ status: 408 });
  await agent.answer(invite, 200, {}, sdp('agent'));
  expect((await calling).remote.sdp).toBe(sdp('agent'));
  await silent.close();
}, 60_000);

test('the caller sends UPDATE while it rings', async () => {
  const outcomes = bridge(srf, agent);
  const call = callIn();
  const invite = await agent.next('INVITE');
  await agent.answer(invite, 180);
  const ringing = await call.provisional(180);
  const headers = ringing.headers.clone();
  headers.set('Contact', `<sip:127.0.0.1:${server.sipPort}>`);
  const early = new CallerDialog(caller, call.request, { ...ringing, headers });
  // createB2BUA has no answer to give yet.
  expect((await early.send('UPDATE', {}, sdp('update')).final()).status).toBe(500);
  await agent.answer(invite, 200, {}, sdp('agent'));
  expect((await call.final()).status).toBe(200);
  expect((await bridged(outcomes)).uas.remote.sdp).toBe(sdp('caller'));
});
