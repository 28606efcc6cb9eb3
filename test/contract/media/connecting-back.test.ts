import { once } from 'node:events';
import { type AddressInfo, connect, Server, type Socket } from 'node:net';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { MediaPool } from '../../../src/media/media-pool.ts';
import { type Engines, startEngines } from './engines.ts';
import { EventSocketProxy } from './event-socket-proxy.ts';
import { channelsOn, phone, poolOn } from './stage.ts';

/** Of this machine, but not where we listen: whoever connects is refused. */
const ELSEWHERE = '127.0.0.2';
/** Of no machine (RFC 5737). */
const NOWHERE = '192.0.2.1';

let engines: Engines;
let pool: MediaPool | undefined;
const lines: { msg: string; reason?: string }[] = [];
const log = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line) as { msg: string }) });
const down = () => lines.filter(({ msg }) => msg.startsWith('media server down'));
const unhandled = vi.fn();

beforeEach(async () => {
  lines.length = 0;
  pool = undefined;
  unhandled.mockClear();
  process.on('unhandledRejection', unhandled);
  process.on('uncaughtException', unhandled);
  engines = await startEngines();
});
afterEach(async () => {
  await pool?.close();
  await engines[Symbol.asyncDispose]();
  process.off('unhandledRejection', unhandled);
  process.off('uncaughtException', unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});

describe('a media server that cannot connect back to us', () => {
  it('is down, and leaves no channel behind', async () => {
    pool = await poolOn(engines, { servers: [{ ...engines.freeswitch, advertisedAddress: ELSEWHERE }] });
    expect(pool.status()[0]?.state).toBe('waiting');
    await expect(pool.openRoom('call-1', vi.fn())).rejects.toMatchObject({ code: 'unavailable' });
    await expect.poll(() => channelsOn(engines.freeswitch)).toBe(0);
  });

  it('is tried again and again, and the log says once what to check', async () => {
    const proxy = await EventSocketProxy.listen(engines.freeswitch);
    const servers = [{ ...engines.freeswitch, port: proxy.port, advertisedAddress: ELSEWHERE }];
    pool = await poolOn(engines, { servers }, log);
    // Each attempt logs in twice: the probe and the connection.
    const attempts = () => proxy.commands.filter((command) => command.startsWith('auth')).length / 2;
    await expect.poll(attempts, { timeout: 10_000 }).toBeGreaterThanOrEqual(3);
    expect(down()).toHaveLength(1);
    expect(down()[0]?.reason).toMatch(/hung up.* reach us at 127\.0\.0\.2 .*listenAddress.*advertisedAddress/);
    await pool.close();
    await proxy[Symbol.asyncDispose]();
  });
});

describe('the address where media servers connect back to', () => {
  it('may not be ours: the log says so', async () => {
    pool = await poolOn(engines, { listenAddress: NOWHERE }, log);
    expect(down()[0]?.reason).toMatch(/media\.listenAddress.*192\.0\.2\.1/);
  });

  it.each([
    ['what cannot be decoded', 'Content-Type: command/reply\nReply-Text: 100%\n\n'],
    [
      'that it is a channel, and nothing of it',
      'Content-Type: text/event-plain\nContent-Length: 27\n\nEvent-Name: CHANNEL_DATA\n\n\n',
    ],
  ])('takes a stranger that says %s, and throws it out', async (_, words) => {
    const listen = vi.spyOn(Server.prototype, 'listen');
    pool = await poolOn(engines, {}, log);
    const ports = (listen.mock.contexts as Server[]).flatMap(
      (server) => (server.address() as AddressInfo | null)?.port ?? [],
    );
    listen.mockRestore();
    expect(ports).toHaveLength(1);
    const stranger: Socket = connect({ host: '127.0.0.1', port: ports[0] ?? 0 });
    stranger.write(words);
    stranger.resume();
    await once(stranger, 'close');
    expect(lines.map(({ msg }) => msg)).toContain('a connection to the media side made no sense');
    const room = await pool.openRoom('call-1', vi.fn());
    await room.prepare('agent', phone(5000));
  });
});
