import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SipHeaders } from '../../../src/embedded/sip/headers.ts';
import { responseTo, serializeMessage, type SipRequest, type SipResponse } from '../../../src/embedded/sip/message.ts';
import { repeatUntilAcknowledged } from '../../../src/embedded/sip/success-repetition.ts';
import { TransactionLayer, type FailureReason, type ServerTransaction } from '../../../src/embedded/sip/transaction.ts';
import { SipTransport, type SipTarget } from '../../../src/embedded/sip/transport.ts';
import { Inbox } from '../drachtio/inbox.ts';
import { UdpPhone } from '../drachtio/udp-phone.ts';

/** The transactions of RFC 3261 17, seen from a phone that repeats, forgets and crosses by hand. T1 is 20 ms. */
let layer: TransactionLayer;
let phone: UdpPhone;
let server: Inbox<ServerTransaction>;
let acks: Inbox<SipRequest>;
let cancels: Inbox<ServerTransaction>;

beforeEach(async () => {
  layer = new TransactionLayer(await SipTransport.listen({ host: '127.0.0.1' }), { timers: { T1: 20 } });
  phone = await UdpPhone.open();
  [server, acks, cancels] = [new Inbox(), new Inbox(), new Inbox()];
  layer.onRequest((transaction) => server.put(transaction));
  layer.onAck((ack) => acks.put(ack));
  layer.onCancel((invite) => cancels.put(invite));
});

afterEach(async () => {
  phone.close();
  await layer.close();
});

const target = (): SipTarget => ({ protocol: 'udp', address: '127.0.0.1', port: phone.port });

function outgoing(method: string): SipRequest {
  const headers = SipHeaders.from({
    From: '<sip:us@127.0.0.1>;tag=us',
    To: '<sip:phone@127.0.0.1>',
    'Call-ID': `out-${method}`,
    CSeq: `5 ${method}`,
  });
  return { kind: 'request', method, uri: 'sip:phone@127.0.0.1', headers, body: '' };
}

function send(method: string): { responses: Inbox<SipResponse>; failures: Inbox<FailureReason>; cancel: () => void } {
  const [responses, failures] = [new Inbox<SipResponse>(), new Inbox<FailureReason>()];
  const transaction = layer.request(outgoing(method), target(), {
    response: (response) => responses.put(response),
    failed: (reason) => failures.put(reason),
  });
  return { responses, failures, cancel: () => void transaction.cancel() };
}

/** A response by hand to what the phone received. */
const reply = (text: string, status: number, tag = 'phone'): string => {
  const kept = text.split('\r\n').filter((line) => /^(Via|From|Call-ID|CSeq):/.test(line));
  const to = `${/^To: .*$/m.exec(text)?.[0].trimEnd() ?? ''};tag=${tag}`;
  return [`SIP/2.0 ${status} Whatever`, ...kept, to, 'Content-Length: 0', '', ''].join('\r\n');
};

const incoming = (method: string, branch = `z9hG4bK-${method}`, extra: readonly string[] = []): string =>
  [
    `${method} sip:us@127.0.0.1 SIP/2.0`,
    `Via: SIP/2.0/UDP 10.0.0.1:5999;branch=${branch};rport`,
    'From: <sip:phone@127.0.0.1>;tag=phone',
    'To: <sip:us@127.0.0.1>',
    'Call-ID: in',
    `CSeq: 1 ${method}`,
    ...extra,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');

const fromPhone = (text: string): void => phone.send(text, layer.transport.udpPort);

describe('client, INVITE', () => {
  test('is repeated until something is heard, then no more', async () => {
    const { responses } = send('INVITE');
    const first = await phone.next('INVITE');
    expect(await phone.next('INVITE')).toBe(first);
    expect(await phone.next('INVITE')).toBe(first);
    fromPhone(reply(first, 180));
    expect((await responses.next()).status).toBe(180);
    fromPhone(reply(first, 486));
    expect((await responses.next()).status).toBe(486);
  });

  test('a non-2xx is acknowledged on the same branch, again when it is repeated, and reported once', async () => {
    const { responses } = send('INVITE');
    const invite = await phone.next('INVITE');
    fromPhone(reply(invite, 486));
    const ack = await phone.next('ACK');
    expect(/branch=[^;\r]*/.exec(ack)?.[0]).toBe(/branch=[^;\r]*/.exec(invite)?.[0]);
    expect(ack).toContain('\r\nTo: <sip:phone@127.0.0.1>;tag=phone\r\n');
    expect(ack).toContain('\r\nCSeq: 5 ACK\r\n');
    fromPhone(reply(invite, 486));
    expect(await phone.next('ACK')).toBe(ack);
    expect((await responses.next()).status).toBe(486);
    expect(responses.rest).toEqual([]);
  });

  test('repeated and forked 2xx go to the owner (RFC 6026)', async () => {
    const { responses } = send('INVITE');
    const invite = await phone.next('INVITE');
    for (const tag of ['a', 'a', 'b']) fromPhone(reply(invite, 200, tag));
    for (const tag of ['a', 'a', 'b']) expect((await responses.next()).headers.get('to')).toContain(`tag=${tag}`);
  });

  test('no answer: timeout', async () => {
    expect(await send('INVITE').failures.next()).toBe('timeout');
    expect(layer.load.active).toBe(0);
  });

  test('CANCEL waits for a provisional response and has the branch of its INVITE', async () => {
    const { cancel, responses } = send('INVITE');
    cancel();
    const invite = await phone.next('INVITE');
    expect(await phone.next()).toMatch(/^INVITE /);
    fromPhone(reply(invite, 100));
    const text = await phone.next('CANCEL');
    expect(/^Via: .*$/m.exec(text)?.[0]).toBe(/^Via: .*$/m.exec(invite)?.[0]);
    expect(text).toContain('\r\nCSeq: 5 CANCEL\r\n');
    fromPhone(reply(text, 200));
    fromPhone(reply(invite, 487));
    expect((await responses.nextWhere(({ status }) => status >= 200)).status).toBe(487);
  });

  test('a cancelled INVITE that is never answered times out', async () => {
    const { cancel, failures } = send('INVITE');
    fromPhone(reply(await phone.next('INVITE'), 180));
    cancel();
    expect(await failures.next()).toBe('timeout');
  });
});

describe('client, anything else', () => {
  test('is repeated, also after a provisional response, until the final one', async () => {
    const { responses } = send('OPTIONS');
    const options = await phone.next('OPTIONS');
    expect(await phone.next('OPTIONS')).toBe(options);
    fromPhone(reply(options, 100));
    await responses.next();
    expect(await phone.next('OPTIONS')).toBe(options);
    fromPhone(reply(options, 200));
    expect((await responses.next()).status).toBe(200);
    fromPhone(reply(options, 200));
    fromPhone(incoming('INFO'));
    await server.next();
    expect(responses.rest).toEqual([]);
  });

  test('no answer: timeout', async () => {
    expect(await send('OPTIONS').failures.next()).toBe('timeout');
  });

  test('a closed port is known at once', async () => {
    phone.close();
    const { failures } = send('OPTIONS');
    expect(await failures.next()).toBe('transport');
    phone = await UdpPhone.open();
  });
});

describe('server, INVITE', () => {
  test('repetitions are absorbed and answered with the latest provisional response', async () => {
    fromPhone(incoming('INVITE'));
    const transaction = await server.next();
    await transaction.respond(responseTo(transaction.request, 180));
    const ringing = await phone.next('SIP/2.0 180');
    fromPhone(incoming('INVITE'));
    expect(await phone.next('SIP/2.0 180')).toBe(ringing);
    expect(server.rest).toEqual([]);
  });

  test('the final non-2xx is repeated until its ACK, which ends here', async () => {
    fromPhone(incoming('INVITE'));
    const transaction = await server.next();
    await transaction.respond(responseTo(transaction.request, 486));
    const busy = await phone.next('SIP/2.0 486');
    expect(await phone.next('SIP/2.0 486')).toBe(busy);
    fromPhone(incoming('ACK', 'z9hG4bK-INVITE'));
    await expect.poll(() => transaction.state).toBe('confirmed');
    expect(acks.rest).toEqual([]);
    await expect(transaction.respond(responseTo(transaction.request, 200))).rejects.toThrow('already answered');
  });

  test('without an ACK it gives up', async () => {
    fromPhone(incoming('INVITE'));
    const transaction = await server.next();
    await transaction.respond(responseTo(transaction.request, 486));
    await expect.poll(() => transaction.state, { timeout: 5000 }).toBe('terminated');
  });

  test('a 2xx is repeated by its owner until the ACK, which goes to the owner; INVITEs are absorbed', async () => {
    fromPhone(incoming('INVITE'));
    const transaction = await server.next();
    const ok = responseTo(transaction.request, 200);
    await transaction.respond(ok);
    const stop = repeatUntilAcknowledged(layer.transport, layer.timers, ok, transaction.target, () => undefined);
    expect(await phone.next('SIP/2.0 200')).toBe(await phone.next('SIP/2.0 200'));
    fromPhone(incoming('INVITE'));
    fromPhone(incoming('ACK', 'z9hG4bK-other'));
    expect((await acks.next()).method).toBe('ACK');
    stop();
    expect(server.rest).toEqual([]);
  });

  test('no ACK to a 2xx: the owner is told', async () => {
    fromPhone(incoming('INVITE'));
    const transaction = await server.next();
    const ok = responseTo(transaction.request, 200);
    await new Promise<void>((resolve) => {
      repeatUntilAcknowledged(layer.transport, layer.timers, ok, transaction.target, resolve);
    });
  });

  test('CANCEL: 200 with the tag of the INVITE, its owner is told; nobody to cancel: 481', async () => {
    fromPhone(incoming('INVITE'));
    const transaction = await server.next();
    fromPhone(incoming('CANCEL', 'z9hG4bK-INVITE'));
    expect(await phone.next('SIP/2.0 200')).toContain(`tag=${transaction.localTag}`);
    expect(await cancels.next()).toBe(transaction);
    fromPhone(incoming('CANCEL', 'z9hG4bK-nothing'));
    expect(await phone.next('SIP/2.0 481')).toContain('CSeq: 1 CANCEL');
  });

  test('a CANCEL that comes after the answer is answered and has no effect', async () => {
    fromPhone(incoming('INVITE'));
    const transaction = await server.next();
    await transaction.respond(responseTo(transaction.request, 200));
    fromPhone(incoming('CANCEL', 'z9hG4bK-INVITE'));
    expect(await phone.next('SIP/2.0 200')).toContain('CSeq: 1 INVITE');
    expect(await phone.next('SIP/2.0 200')).toContain('CSeq: 1 CANCEL');
    expect(cancels.rest).toEqual([]);
  });

  test('100 comes by itself when the owner says nothing', async () => {
    fromPhone(incoming('INVITE'));
    expect(await phone.next()).toMatch(/^SIP\/2\.0 100 Trying\r\n/);
  });
});

describe('server, anything else', () => {
  test('a repetition gets the same answer again, its owner hears nothing', async () => {
    fromPhone(incoming('OPTIONS'));
    const transaction = await server.next();
    fromPhone(incoming('OPTIONS'));
    await transaction.respond(responseTo(transaction.request, 200));
    const ok = await phone.next('SIP/2.0 200');
    fromPhone(incoming('OPTIONS'));
    expect(await phone.next('SIP/2.0 200')).toBe(ok);
    expect(server.rest).toEqual([]);
  });

  test('a peer of RFC 2543 is told apart by Call-ID, CSeq and tags', async () => {
    fromPhone(incoming('OPTIONS', 'old'));
    const transaction = await server.next();
    fromPhone(incoming('OPTIONS', 'old'));
    fromPhone(incoming('OPTIONS', 'old').replace('Call-ID: in', 'Call-ID: another'));
    expect((await server.next()).request.headers.get('call-id')).toBe('another');
    await transaction.respond(responseTo(transaction.request, 200));
    expect(await phone.next('SIP/2.0 200')).toContain('Call-ID: in');
  });
});

test('answers go where the request came from, which is noted in Via (RFC 3581)', async () => {
  fromPhone(incoming('OPTIONS'));
  const transaction = await server.next();
  await transaction.respond(responseTo(transaction.request, 200));
  const via = /^Via: .*$/m.exec(await phone.next('SIP/2.0 200'))?.[0];
  expect(via).toBe(`Via: SIP/2.0/UDP 10.0.0.1:5999;branch=z9hG4bK-OPTIONS;rport=${phone.port};received=127.0.0.1`);
});

test('when nobody takes requests they get 503', async () => {
  const deaf = new TransactionLayer(await SipTransport.listen({ host: '127.0.0.1' }));
  phone.send(incoming('OPTIONS'), deaf.transport.udpPort);
  expect(await phone.next()).toMatch(/^SIP\/2\.0 503 /);
  await deaf.close();
});

test('a stray response is counted, nothing else', async () => {
  const { dropped } = layer.transport.counters;
  fromPhone(reply(incoming('OPTIONS'), 200));
  await expect.poll(() => layer.transport.counters.dropped).toBe(dropped + 1);
});

test('close leaves no timer behind and answers nobody', async () => {
  send('INVITE');
  fromPhone(incoming('INVITE'));
  await server.next();
  await layer.close();
  expect(layer.load).toEqual({ active: 0, lingering: 0 });
  await expect(layer.sendStateless(outgoing('ACK'), target())).rejects.toThrow('transport closed');
  expect(serializeMessage(outgoing('ACK'))).toContain('ACK');
});
