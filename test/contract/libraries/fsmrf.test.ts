/**
 * Faults of drachtio-fsmrf 4.1.2 and its drachtio-modesl 1.3.1, shown on the libraries themselves. A test that turns red says that
 * the fault has been mended, and that the work-around it names can go.
 */
import type { EventEmitter } from 'node:events';
import { once } from 'node:events';
import { type AddressInfo, createServer, Socket } from 'node:net';
import Mrf from 'drachtio-fsmrf';
import Srf from 'drachtio-srf';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { DrachtioServer } from '../../../src/embedded/drachtio/server.ts';
import { FreeSwitch } from '../../../src/embedded/freeswitch/freeswitch.ts';
import { EventSocketProxy } from '../media/event-socket-proxy.ts';

let drachtio: DrachtioServer;
let srf: Srf;
let freeswitch: FreeSwitch;
let proxy: EventSocketProxy;
const servers: Mrf.MediaServer[] = [];

beforeAll(async () => {
  drachtio = await DrachtioServer.listen({ secret: 'secret' });
  srf = new Srf();
  void srf.connect({ host: '127.0.0.1', port: drachtio.adminPort, secret: 'secret' });
  await once(srf as unknown as EventEmitter, 'connect');
});

afterAll(async () => {
  srf.disconnect();
  await drachtio.close();
});

beforeEach(async () => {
  freeswitch = await FreeSwitch.listen({ password: 'right' });
  proxy = await EventSocketProxy.listen({ host: '127.0.0.1', port: freeswitch.eventSocketPort });
});

afterEach(async () => {
  vi.restoreAllMocks();
  for (const server of servers.splice(0)) {
    server.removeAllListeners();
    server.disconnect();
  }
  await proxy[Symbol.asyncDispose]();
  await freeswitch.close();
});

const options = (secret: string) => ({
  address: '127.0.0.1',
  port: proxy.port,
  secret,
  listenAddress: '127.0.0.1',
  listenPort: 0,
});

async function connected(): Promise<Mrf.MediaServer> {
  const server = await new Promise<Mrf.MediaServer>((resolve, reject) => {
    new Mrf(srf).connect(options('right'), (error, ready) => {
      if (ready === undefined) reject(new Error(String(error)));
      else resolve(ready);
    });
  });
  servers.push(server);
  return server;
}

test('a command and its newline are written apart, with Nagle’s algorithm (media/freeswitch.ts: setNoDelay)', async () => {
  const noDelay = vi.spyOn(Socket.prototype, 'setNoDelay');
  const { conn } = await connected();
  // The proxy and the miniature server set it on their own sockets.
  expect(noDelay.mock.contexts).not.toContain(conn.socket);
  if (conn.socket === null) throw new Error('not connected');
  const writes = vi.spyOn(conn.socket, 'write');
  await new Promise((resolve) => conn.api('status', resolve));
  expect(writes.mock.calls.map(([text]) => text)).toEqual(['api status\n', '\n']);
});

test('a reconnection hands replies to the wrong callers and forgets subscriptions (media/freeswitch.ts: connects anew)', async () => {
  vi.spyOn(console, 'error').mockReturnValue(undefined);
  const { conn } = await connected();
  const before = proxy.commands.length;
  proxy.fail(/^api status/, 'hang');
  const lost = new Promise<string>((resolve) => conn.api('status', (event) => resolve(event.getBody())));
  await expect.poll(() => proxy.commands.slice(before).some((command) => command.startsWith('api status'))).toBe(true);
  const again = new Promise<unknown>((resolve) => conn.once('esl::ready', resolve));
  proxy.cut();
  proxy.heal();
  await again;
  const since = proxy.commands.length;
  let answered = false;
  conn.api('version', () => (answered = true));
  expect(await lost).toContain('Version');
  expect(answered).toBe(false);
  expect(proxy.commands.slice(since).some((command) => command.startsWith('event'))).toBe(false);
});

test('a wrong password is never told to anybody (media/event-socket-probe.ts: asked before)', async () => {
  // As the real one does: it asks, refuses, and hangs up.
  const strict = createServer((caller) => {
    caller.write('Content-Type: auth/request\n\n');
    caller.once('data', () => caller.end('Content-Type: command/reply\nReply-Text: -ERR invalid\n\n'));
  }).listen(0, '127.0.0.1');
  await once(strict, 'listening');
  const refused = once(strict, 'connection').then(([caller]: unknown[]) => once(caller as Socket, 'close'));
  const told = vi.fn();
  const { port } = strict.address() as AddressInfo;
  new Mrf(srf).connect({ ...options('wrong'), port }, told);
  await refused;
  // It has begun anew by itself, and says nothing of that either.
  await once(strict, 'connection');
  expect(told).not.toHaveBeenCalled();
  strict.close();
});
