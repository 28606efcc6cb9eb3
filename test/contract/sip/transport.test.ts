import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { responseTo, type SipMessage } from '../../../src/embedded/sip/message.ts';
import { TransactionLayer } from '../../../src/embedded/sip/transaction.ts';
import { SipTransport } from '../../../src/embedded/sip/transport.ts';
import { Inbox } from '../drachtio/inbox.ts';
import { UdpPhone } from '../drachtio/udp-phone.ts';

let transport: SipTransport;
let messages: Inbox<SipMessage>;
let phone: UdpPhone;

beforeEach(async () => {
  transport = await SipTransport.listen({ host: '127.0.0.1' });
  messages = new Inbox();
  transport.onMessage((message) => messages.put(message));
  phone = await UdpPhone.open();
});

afterEach(async () => {
  phone.close();
  await transport.close();
});

const options = (id: string, body = '', via = 'UDP'): string =>
  [
    'OPTIONS sip:us SIP/2.0',
    `Via: SIP/2.0/${via} 127.0.0.1:9;branch=z9hG4bK${id};rport`,
    'From: <sip:a@b>;tag=1',
    'To: <sip:us>',
    `Call-ID: ${id}`,
    'CSeq: 1 OPTIONS',
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');

async function tcp(): Promise<{ socket: Socket; received: Inbox<string> }> {
  const socket = connect({ port: transport.tcpPort, host: '127.0.0.1', noDelay: true });
  const received = new Inbox<string>();
  socket.on('data', (bytes) => received.put(bytes.toString()));
  await once(socket, 'connect');
  return { socket, received };
}

const nextId = async (): Promise<string | undefined> => (await messages.next()).headers.get('call-id');

test('UDP and TCP get the same number where they can', () => {
  expect(transport.tcpPort).toBe(transport.udpPort);
});

test('a UDP port that is taken is reported', async () => {
  await expect(SipTransport.listen({ host: '127.0.0.1', udpPort: transport.udpPort })).rejects.toThrow(/EADDRINUSE/);
});

test('a TCP number that is taken: another one, unless it was asked for', async () => {
  const blocker = createServer().listen(0, '127.0.0.1');
  await once(blocker, 'listening');
  const address = blocker.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const other = await SipTransport.listen({ host: '127.0.0.1', udpPort: port });
  expect([other.udpPort, other.tcpPort === port]).toEqual([port, false]);
  await other.close();
  await expect(SipTransport.listen({ host: '127.0.0.1', tcpPort: port })).rejects.toThrow(/EADDRINUSE/);
  blocker.close();
});

test('bound to every address, it announces one that peers can reach', async () => {
  const any = await SipTransport.listen({ host: '0.0.0.0' });
  expect(any.host).not.toBe('0.0.0.0');
  const named = await SipTransport.listen({ host: '0.0.0.0', advertise: '192.0.2.7' });
  expect(named.host).toBe('192.0.2.7');
  await Promise.all([any.close(), named.close()]);
});

test('malformed datagrams: answered where that is possible, else counted, and life goes on', async () => {
  phone.send('complete nonsense', transport.udpPort);
  phone.send(
    Uint8Array.from({ length: 300 }, (_, n) => n % 256),
    transport.udpPort,
  );
  phone.send('', transport.udpPort);
  phone.send('\r\n\r\n', transport.udpPort);
  phone.send(options('bad').replace('CSeq: 1', 'CSeq: x'), transport.udpPort);
  const answer = await phone.next();
  expect(answer).toMatch(/^SIP\/2\.0 400 Bad Request\r\n/);
  expect(answer).toMatch(/\r\nTo: <sip:us>;tag=\w+\r\n/);
  phone.send(options('good').replace('SIP/2.0\r', 'SIP/3.0\r'), transport.udpPort);
  expect(await phone.next()).toMatch(/^SIP\/2\.0 505 /);
  phone.send(options('good'), transport.udpPort);
  expect(await nextId()).toBe('good');
  expect(transport.counters).toMatchObject({ malformed: 4, dropped: 2, received: 5 });
});

test('a malformed request without a readable To is answered as it came', async () => {
  phone.send(options('x').replace('To: <sip:us>', 'To: "open <sip:us>'), transport.udpPort);
  expect(await phone.next()).toContain('\r\nTo: "open <sip:us>\r\n');
});

test('60,000 bytes over UDP, 64 KiB over TCP; too much for a datagram is an error of the sender', async () => {
  phone.send(options('large', 'x'.repeat(60_000)), transport.udpPort);
  expect((await messages.next()).body).toHaveLength(60_000);
  const { socket } = await tcp();
  socket.write(options('largest', 'y'.repeat(65_000), 'TCP'));
  expect((await messages.next()).body).toHaveLength(65_000);
  socket.destroy();
  const target = { protocol: 'udp', address: '127.0.0.1', port: phone.port } as const;
  await expect(transport.sendBytes('z'.repeat(70_000), target)).rejects.toThrow(/EMSGSIZE/);
});

test('several messages in one segment, one message in many', async () => {
  const { socket } = await tcp();
  socket.write(options('one', 'a', 'TCP') + options('two', '', 'TCP') + options('three', 'ä', 'TCP'));
  expect([await nextId(), await nextId(), await nextId()]).toEqual(['one', 'two', 'three']);
  for (const char of options('slow', 'body', 'TCP')) socket.write(char);
  expect(await nextId()).toBe('slow');
  socket.destroy();
});

test('a keep-alive is answered, a stream that is not SIP is closed, others stay', async () => {
  const [good, bad] = [await tcp(), await tcp()];
  good.socket.write('\r\n\r\n');
  expect(await good.received.next()).toBe('\r\n');
  bad.socket.write('GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n');
  await once(bad.socket, 'close');
  bad.socket.destroy();
  good.socket.write(options('still here', '', 'TCP'));
  expect(await nextId()).toBe('still here');
  good.socket.destroy();
});

test('a TCP request is answered on its connection; when that is gone, at the address in its Via', async () => {
  const layer = new TransactionLayer(transport);
  const held = new Inbox<() => Promise<void>>();
  layer.onRequest((transaction, request) => {
    held.put(() => transaction.respond(responseTo(request, 200)));
  });
  const first = await tcp();
  first.socket.write(options('same', '', 'TCP'));
  await (await held.next())();
  expect(await first.received.next()).toMatch(/^SIP\/2\.0 200 /);

  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const answered = once(listener, 'connection') as Promise<[Socket]>;
  first.socket.write(options('gone', '', 'TCP').replace('127.0.0.1:9', `127.0.0.1:${port}`));
  const respond = await held.next();
  first.socket.destroy();
  await once(first.socket, 'close');
  await expect.poll(() => transport.connections).toBe(0);
  await respond();
  const [socket] = await answered;
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  expect(bytes.toString()).toMatch(/^SIP\/2\.0 200 /);
  socket.destroy();
  listener.close();
});

test('whether a port is closed is found out with a keep-alive only', async () => {
  const open = createSocket('udp4').bind(0, '127.0.0.1');
  await once(open, 'listening');
  const heard = once(open, 'message') as Promise<[Buffer]>;
  const { port } = open.address();
  const refusals = new Inbox<string>();
  const ask = (who: string): void => {
    transport.checkReachable({ protocol: 'udp', address: '127.0.0.1', port }, () => refusals.put(who));
  };
  ask('while it is open');
  expect((await heard)[0].toString()).toBe('\r\n\r\n');
  expect(refusals.rest).toEqual([]);
  open.close();
  await once(open, 'close');
  ask('after it was closed');
  expect([await refusals.next(), await refusals.next()]).toEqual(['while it is open', 'after it was closed']);
});
