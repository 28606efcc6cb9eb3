import type Srf from 'drachtio-srf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bridge, bridged } from './bridging.ts';
import { callVia } from './calling.ts';
import { Inbox } from './inbox.ts';
import { CallerDialog, Peer, sdp } from './peer.ts';
import { proxyInvites, routedDialog } from './proxying.ts';
import { freshCallId, realServer, startServer, udpTarget, type ServerUnderTest } from './server-under-test.ts';
import { connectSrf, handle, hangUp, roundTrip } from './srf-app.ts';

/**
 * Call detail records, one for each end of each leg. With EARPIECE_DRACHTIO on a real drachtio-server, where that was
 * started with `<cdrs>true</cdrs>` and EARPIECE_DRACHTIO_CDRS says so.
 */
const withoutRecords = realServer !== undefined && process.env['EARPIECE_DRACHTIO_CDRS'] === undefined;

let server: ServerUnderTest;
let srf: Srf;
let caller: Peer;
let agent: Peer;
let records: Inbox<string>;

interface Message {
  readonly type: string;
  readonly method: string;
  readonly status: number;
}

beforeEach(async () => {
  server = await startServer();
  srf = await connectSrf(server);
  records = new Inbox();
  const listener = srf as unknown as { on(event: string, heard: (...fields: unknown[]) => void): void };
  for (const record of ['attempt', 'start', 'stop']) {
    listener.on(`cdr:${record}`, (...fields) => {
      const message = fields.pop() as Message;
      const [source, time, ...detail] = fields as string[];
      expect(time).toMatch(/^\d\d:\d\d:\d\d\.\d{6}$/);
      const about = message.type === 'request' ? message.method : String(message.status);
      records.put([record, source, ...detail, about].join(' '));
    });
  }
  await roundTrip(srf);
  [caller, agent] = await Promise.all([Peer.open('caller'), Peer.open('agent')]);
});

afterEach(async () => {
  srf.disconnect();
  await Promise.all([caller.close(), agent.close()]);
  await server.close();
});

/** The next `count` records, in alphabetical order: those of two legs come as they come. */
async function next(count: number): Promise<string[]> {
  const heard: string[] = [];
  while (heard.length < count) heard.push(await records.next());
  return heard.sort();
}

describe.skipIf(withoutRecords)('call detail records', () => {
  test('a call that is answered and hung up by its caller', async () => {
    const outcomes = bridge(srf, agent);
    const call = callVia(server, caller);
    const invite = await agent.next('INVITE');
    expect(await next(2)).toEqual(['attempt application INVITE', 'attempt network INVITE']);
    await agent.answer(invite, 180);
    await agent.answer(invite, 200, {}, sdp('agent'));
    const dialog = new CallerDialog(caller, call.request, await call.final());
    expect(await next(2)).toEqual(['start application uas 200', 'start network uac 200']);
    await dialog.ack();
    const { uas, uac } = await bridged(outcomes);
    uas.on('destroy', () => void hangUp(uac));
    // A re-INVITE is no call of its own.
    expect((await dialog.send('INVITE', {}, sdp('caller', 'sendonly')).final()).status).toBe(200);
    await dialog.ack();
    const bye = dialog.send('BYE');
    await agent.answer(await agent.next('BYE'), 200);
    expect((await bye.final()).status).toBe(200);
    expect(await next(2)).toEqual(['stop application normal-release BYE', 'stop network normal-release BYE']);
  });

  test('a callee that refuses', async () => {
    bridge(srf, agent);
    const call = callVia(server, caller);
    await agent.answer(await agent.next('INVITE'), 486);
    expect((await call.final()).status).toBe(486);
    expect(await next(4)).toEqual([
      'attempt application INVITE',
      'attempt network INVITE',
      'stop application call-rejected 486',
      'stop network call-rejected 486',
    ]);
  });

  test('a caller that cancels', async () => {
    bridge(srf, agent);
    const call = callVia(server, caller);
    const invite = await agent.next('INVITE');
    await agent.answer(invite, 180);
    await call.provisional(180);
    call.cancel();
    await agent.cancels.next();
    await agent.answer(invite, 487);
    expect(await next(4)).toEqual([
      'attempt application INVITE',
      'attempt network INVITE',
      'stop network call-canceled 487',
      'stop network call-canceled INVITE',
    ]);
  });

  test('requests other than INVITE have none', async () => {
    handle(srf, 'message', (_req, res) => {
      res.send(200);
    });
    const uri = `sip:agent@127.0.0.1:${server.sipPort}`;
    const message = caller.send(caller.request('MESSAGE', uri, freshCallId('cdr')), udpTarget(server));
    expect((await message.final()).status).toBe(200);
    await roundTrip(srf);
    expect(records.rest).toEqual([]);
  });

  test('a proxied call that we stay in the path of', async () => {
    void proxyInvites(srf, agent.uri, { remainInDialog: true });
    const call = callVia(server, caller);
    const invite = await agent.next('INVITE');
    expect(await next(2)).toEqual(['attempt application INVITE', 'attempt network INVITE']);
    await agent.answer(invite, 200, {}, sdp('agent'));
    const dialog = routedDialog(caller, call, await call.final());
    expect(await next(2)).toEqual(['start application proxy-uas 200', 'start network proxy-uac 200']);
    await dialog.ack();
    const bye = dialog.send('BYE');
    await agent.answer(await agent.next('BYE'), 200);
    expect((await bye.final()).status).toBe(200);
    expect(await next(2)).toEqual(['stop application normal-release BYE', 'stop network normal-release BYE']);
  });

  test('a proxied call nobody takes', async () => {
    void proxyInvites(srf, agent.uri);
    const call = callVia(server, caller);
    await agent.answer(await agent.next('INVITE'), 404);
    expect((await call.final()).status).toBe(404);
    expect(await next(4)).toEqual([
      'attempt application INVITE',
      'attempt network INVITE',
      'stop application call-rejected 404',
      'stop network call-rejected 404',
    ]);
  });
});
