import { afterEach, beforeEach, expect, test } from 'vitest';
import { DrachtioServer } from '../../../src/embedded/drachtio/server.ts';
import { RawApp } from './raw-app.ts';
import { UdpPhone } from './udp-phone.ts';

let server: DrachtioServer;
let phone: UdpPhone;
const apps: RawApp[] = [];

const application = async (...verbs: string[]): Promise<RawApp> => {
  const app = await RawApp.authenticated(server.adminPort, ...verbs);
  apps.push(app);
  return app;
};
const stranger = async (): Promise<RawApp> => {
  const app = await RawApp.connect(server.adminPort);
  apps.push(app);
  return app;
};

function options(n: number, method = 'OPTIONS'): string {
  return [
    `${method} sip:ping@127.0.0.1:${server.sipPort} SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.1:${phone.port};branch=z9hG4bK${n};rport`,
    'Max-Forwards: 70',
    'From: <sip:caller@127.0.0.1>;tag=abc',
    'To: <sip:ping@127.0.0.1>',
    `Call-ID: call-${n}`,
    `CSeq: ${n} ${method}`,
    'Content-Length: 0',
    '\r\n',
  ].join('\r\n');
}

beforeEach(async () => {
  server = await DrachtioServer.listen({
    secret: 'cymru',
    tagFor: ({ uri }) => (uri.includes('tagged@') ? 'b2bua' : undefined),
  });
  phone = await UdpPhone.open();
});

afterEach(async () => {
  for (const app of apps.splice(0)) app.close();
  phone.close();
  await server.close();
});

test('authenticate answers with the addresses and a version that knows ping', async () => {
  const app = await stranger();
  const ports = `tcp/127.0.0.1:${server.sipTcpPort},udp/127.0.0.1:${server.sipPort}`;
  expect(await app.ask('authenticate|cymru|coach,b2bua')).toMatch(
    new RegExp(`^OK\\|${ports}\\|v0\\.9\\.\\d+.*\\|${ports}$`),
  );
  expect(await app.ask('ping')).toBe('OK|pong');
});

test('a wrong secret is refused and the connection closed', async () => {
  const app = await stranger();
  expect(await app.ask('authenticate|WRONG|')).toBe('NO|incorrect secret');
  await app.closed;
});

test.each([['route|options'], ['ping'], ['remove_route|options'], ['sip||\r\nOPTIONS sip:a@b SIP/2.0\r\n\r\n']])(
  'before authenticate %j is refused, and has no effect',
  async (message) => {
    const app = await stranger();
    expect(await app.ask(message)).toBe('NO|not authenticated');
    await app.closed;
    phone.send(options(1), server.sipPort);
    expect(await phone.next()).toMatch(/^SIP\/2\.0 503 /);
  },
);

test('an unknown message closes the connection', async () => {
  const app = await application();
  expect(await app.ask('bogus|x')).toBe('NO|Unknown message type');
  await app.closed;
});

test.each([
  ['no number', 'abc#'],
  ['no length at all', '#x'],
  ['six digits', '100000#x'],
  ['zero', '0#'],
])('a frame with a broken length (%s) closes the connection, and only that one', async (_, bytes) => {
  const broken = await stranger();
  const sound = await application('options');
  broken.writeBytes(bytes);
  await broken.closed;
  expect(await sound.ask('ping')).toBe('OK|pong');
});

test('frames are found however the stream is cut, lengths count bytes', async () => {
  const app = await application('options');
  const frame = (text: string): string => `${Buffer.byteLength(text)}#${text}`;
  const stream = frame('a|ping') + frame('ä€😀|ping') + frame('c|route|message');
  for (const char of stream) app.writeBytes(char);
  for (const id of ['a', 'ä€😀'])
    expect(await app.frames.next()).toMatch(new RegExp(`\\|response\\|${id}\\|OK\\|pong$`));
  expect(await app.frames.next()).toMatch(/\|response\|c\|OK$/);
});

test('applications that route a verb take turns, verb by verb', async () => {
  const [first, second] = [await application('options', 'message'), await application('options')];
  for (const n of [1, 2, 3, 4]) phone.send(options(n), server.sipPort);
  for (const app of [first, second, first, second]) expect(await app.frames.next()).toContain('OPTIONS sip:ping');
  phone.send(options(5, 'MESSAGE'), server.sipPort);
  phone.send(options(6, 'MESSAGE'), server.sipPort);
  for (const n of [5, 6])
    expect(await first.frames.nextWhere((text) => text.includes('MESSAGE'))).toContain(`call-${n}`);
});

test('a tag sends a request to the applications that have it', async () => {
  await application('options');
  const tagged = await stranger();
  await tagged.ask('authenticate|cymru|coach,b2bua');
  await tagged.ask('route|options');
  for (const n of [1, 2, 3]) phone.send(options(n).replace('sip:ping@', 'sip:tagged@'), server.sipPort);
  for (const n of [1, 2, 3]) expect(await tagged.frames.next()).toContain(`call-${n}`);
});

test('remove_route takes back that verb and no other', async () => {
  const app = await application('options', 'message');
  expect(await app.ask('remove_route|options')).toBe('OK');
  phone.send(options(1), server.sipPort);
  expect(await phone.next()).toMatch(/^SIP\/2\.0 503 /);
  phone.send(options(2, 'MESSAGE'), server.sipPort);
  expect(await app.frames.next()).toContain('MESSAGE sip:ping');
});

test('a method nobody routed, or nobody there: 503', async () => {
  phone.send(options(1), server.sipPort);
  expect(await phone.next()).toMatch(/^SIP\/2\.0 503 Service Unavailable\r\n/);
  await application('invite');
  phone.send(options(2), server.sipPort);
  expect(await phone.next()).toMatch(/^SIP\/2\.0 503 /);
});

test('what an application hands in and cannot be sent is answered NOK, with the reason', async () => {
  const app = await application();
  expect(await app.ask('sip|no-such-transaction|\r\nSIP/2.0 200 OK\r\n\r\n')).toBe(
    'NOK|Response not sent due to unknown transaction',
  );
  expect(await app.ask('sip||no;from-tag=such\r\nBYE sip:placeholder SIP/2.0\r\n\r\n')).toBe(
    'NOK|Server error: unable to find dialog for dialog id provided',
  );
  for (const message of [
    'sip||\r\nnonsense',
    'sip||',
    'sip||\r\nOPTIONS tel:+123 SIP/2.0\r\n\r\n',
    'sip||\r\nOPTIONS sip:a@b:99999 SIP/2.0\r\n\r\n',
    'sip||\r\nOPTIONS sip:a@127.0.0.1 SIP/2.0\r\nFrom: "open\r\n\r\n',
    'proxy|x||fullResponse||serial|||sip:a@127.0.0.1\r\nOPTIONS sip:a SIP/2.0\r\n\r\n',
    'sip|gone|\r\nCANCEL sip:a@127.0.0.1 SIP/2.0\r\n\r\n',
  ]) {
    expect(await app.ask(message), message).toMatch(/^NOK\|./);
  }
});

test('close() twice is fine, and hangs up on the applications', async () => {
  const app = await application();
  await Promise.all([server.close(), server.close()]);
  await app.closed;
});

test('a control port that is taken is reported, and the SIP port is free again', async () => {
  const taken = DrachtioServer.listen({ secret: 'x', adminPort: server.adminPort });
  await expect(taken).rejects.toThrow(/EADDRINUSE/);
});
