import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DrachtioServer } from '../../../src/embedded/drachtio/server.ts';
import { RawApp } from './raw-app.ts';
import { masked, StreamPhone } from './stream-phone.ts';

/** Frames of RFC 6455 as clients may send them. */
let server: DrachtioServer;
let app: RawApp;
let phone: StreamPhone;

const pem = (name: string): Buffer => readFileSync(new URL(`../../fixtures/tls/${name}.pem`, import.meta.url));

beforeEach(async () => {
  const credentials = { key: pem('key'), cert: pem('cert') };
  server = await DrachtioServer.listen({ secret: 'cymru', sipWsPort: 0, sipWssPort: 0, credentials });
  app = await RawApp.authenticated(server.adminPort, 'message');
  phone = await StreamPhone.overWebSocket(server.portOf('ws'));
});

afterEach(async () => {
  phone.close();
  app.close();
  await server.close();
});

const message = (callId: string, body = ''): string =>
  [
    'MESSAGE sip:agent@127.0.0.1 SIP/2.0',
    `Via: SIP/2.0/WS phone.invalid;branch=z9hG4bK${callId}`,
    'From: <sip:phone@phone.invalid>;tag=mine',
    'To: <sip:agent@127.0.0.1>',
    `Call-ID: ${callId}`,
    'CSeq: 1 MESSAGE',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `\r\n${body}`,
  ].join('\r\n');

test('a message in several frames, a ping between them, several frames in one segment, one in many', async () => {
  const text = message('pieces', 'x'.repeat(300));
  const frames = [masked(text.slice(0, 50), 1, false), masked('are you there', 9), masked(text.slice(50), 0, true)];
  const bytes = Buffer.concat([...frames, masked('\r\n\r\n'), masked(message('whole'))]);
  phone.sendRaw(bytes.subarray(0, 1));
  phone.sendRaw(bytes.subarray(1, 60));
  phone.sendRaw(bytes.subarray(60));
  // The pong, below SIP.
  expect(await phone.received.next()).toBe('are you there');
  expect(await app.frames.next()).toContain('x'.repeat(300));
  expect(await app.frames.next()).toContain('Call-ID: whole');
});

test.each([
  ['a frame without a mask', Buffer.from([0x81, 0x02, 0x0d, 0x0a])],
  ['a frame that announces a gigabyte', Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0x40, 0, 0, 0, 1, 2, 3, 4])],
  ['an unknown opcode', masked('x', 5)],
])('%s closes the connection, and only that one', async (_, bytes) => {
  const other = await StreamPhone.overWebSocket(server.portOf('ws'));
  const { closed } = phone;
  phone.sendRaw(bytes);
  await closed;
  other.send(message('other'));
  expect(await app.frames.next()).toContain('Call-ID: other');
  other.close();
});

test('a client that says goodbye is told goodbye', async () => {
  const { closed } = phone;
  phone.sendRaw(masked('', 8));
  await closed;
});

test('whoever does not want to speak SIP is refused', async () => {
  await expect(StreamPhone.overWebSocket(server.portOf('ws'), 'chat')).rejects.toThrow(/400 Bad Request/);
});

test('wss', async () => {
  const secure = await StreamPhone.overWebSocket(server.portOf('wss'), 'sip', true);
  secure.send(message('secure'));
  expect(await app.frames.next()).toContain('Call-ID: secure');
  secure.close();
});
