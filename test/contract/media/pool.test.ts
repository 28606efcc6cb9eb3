import { type Server, Socket } from 'node:net';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DrachtioServer } from '../../../src/embedded/drachtio/server.ts';
import { FreeSwitch } from '../../../src/embedded/freeswitch/freeswitch.ts';
import type { MediaPool } from '../../../src/media/media-pool.ts';
import { type Engines, startEngines } from './engines.ts';
import { channelsOn, phone, poolFor, poolOn } from './stage.ts';

/** Node keeps with an accepted socket the server that accepted it. */
type AcceptedSocket = Socket & { readonly server?: Server | null };

let engines: Engines;
let pool: MediaPool | undefined;
const lines: { msg: string; reason?: string }[] = [];
const log = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line) as { msg: string }) });

beforeEach(async () => {
  lines.length = 0;
  pool = undefined;
  engines = await startEngines();
});
afterEach(async () => {
  await pool?.close();
  await engines[Symbol.asyncDispose]();
});

describe('a pool of media servers', () => {
  it('waits for a server that is down at first', async () => {
    const first = await FreeSwitch.listen({ password: 'ClueCon' });
    const { eventSocketPort } = first;
    await first.close();
    const servers = [{ host: '127.0.0.1', port: eventSocketPort, password: 'ClueCon' }];
    pool = await poolOn(engines, { servers }, log);
    expect(pool.status()).toMatchObject([{ id: `127.0.0.1:${eventSocketPort}`, state: 'waiting', rooms: 0 }]);
    await expect(pool.openRoom('call-1', vi.fn())).rejects.toMatchObject({ code: 'unavailable' });
    expect(lines.filter(({ msg }) => msg.startsWith('media server down'))).toHaveLength(1);
    const second = await FreeSwitch.listen({ password: 'ClueCon', eventSocketPort });
    await expect.poll(() => pool?.status()[0]?.state, { timeout: 10_000 }).toBe('up');
    const room = await pool.openRoom('call-1', vi.fn());
    await room.prepare('agent', phone(5000));
    await pool.close();
    await second.close();
  });

  it('says what is wrong with a server: the password', async () => {
    pool = await poolOn(engines, { servers: [{ ...engines.freeswitch, password: 'wrong' }] }, log);
    expect(lines.find(({ msg }) => msg.startsWith('media server down'))?.reason).toContain('the password is wrong');
    expect(pool.status()[0]?.state).toBe('waiting');
  });

  it('says what is wrong with a server: no SIP profile', async () => {
    pool = await poolOn(engines, { servers: [{ ...engines.freeswitch, profile: 'external' }] }, log);
    expect(lines.find(({ msg }) => msg.startsWith('media server down'))?.reason).toContain('no SIP profile external');
  });

  it('waits for a drachtio that is not there at first, without another line than that of the B2BUA', async () => {
    const first = await DrachtioServer.listen({ secret: 'another' });
    const { adminPort } = first;
    const drachtio = { host: '127.0.0.1', port: adminPort, secret: 'cymru' };
    pool = poolFor(engines, { drachtio }, log);
    const connected = pool.connect();
    await expect(pool.openRoom('call-1', vi.fn())).rejects.toMatchObject({
      code: 'unavailable',
      message: 'there is no connection to drachtio',
    });
    expect(pool.status()).toMatchObject([{ state: 'connecting', reason: 'there is no connection to drachtio' }]);
    await first.close();
    const second = await DrachtioServer.listen({ secret: 'cymru', adminPort });
    await connected;
    expect(pool.status()[0]?.state).toBe('up');
    expect(lines.map(({ msg }) => msg)).toEqual(['media server up']);
    await pool.close();
    await second.close();
  });

  it('is closed while it waits for drachtio', async () => {
    pool = poolFor(engines, { drachtio: { ...engines.drachtio, port: 1 } });
    void pool.connect();
    await pool.close();
    expect(pool.available).toBe(false);
  });

  it('opens no room while drachtio is away, and comes back to it', async () => {
    const first = await DrachtioServer.listen({ secret: 'cymru' });
    const { adminPort } = first;
    pool = await poolOn(engines, { drachtio: { host: '127.0.0.1', port: adminPort, secret: 'cymru' } });
    await first.close();
    await expect.poll(() => opens(pool)).toBe(false);
    const second = await DrachtioServer.listen({ secret: 'cymru', adminPort });
    await expect.poll(() => opens(pool), { timeout: 10_000 }).toBe(true);
    const room = await pool.openRoom('call-1', vi.fn());
    await room.prepare('agent', phone(5000));
    await pool.close();
    await second.close();
  });

  it('opens a room where the fewest are', async () => {
    const other = await FreeSwitch.listen({ password: 'ClueCon' });
    const servers = [engines.freeswitch, { host: '127.0.0.1', port: other.eventSocketPort, password: 'ClueCon' }];
    pool = await poolOn(engines, { servers });
    const rooms = () => pool?.status().map((server) => server.rooms);
    await pool.openRoom('call-1', vi.fn());
    const second = await pool.openRoom('call-2', vi.fn());
    await pool.openRoom('call-3', vi.fn());
    expect(rooms()).toEqual([2, 1]);
    await second.close();
    await pool.openRoom('call-4', vi.fn());
    expect(rooms()).toEqual([2, 1]);
    await pool.close();
    await other.close();
  });

  it('holds a conference of two before it takes calls, and leaves nothing of it', async () => {
    pool = await poolOn(engines, {}, log);
    expect(pool.status()[0]?.state).toBe('up');
    expect(lines.map(({ msg }) => msg)).toContain('media server up');
    await expect.poll(() => channelsOn(engines.freeswitch)).toBe(0);
  });

  it('lets no command wait for the acknowledgement of its first half', async () => {
    const noDelay = vi.spyOn(Socket.prototype, 'setNoDelay');
    pool = await poolOn(engines);
    const room = await pool.openRoom('call-1', vi.fn());
    await room.prepare('agent', phone(5000));
    const sockets = noDelay.mock.contexts as AcceptedSocket[];
    const { drachtio, freeswitch } = engines;
    // Ours to the event socket, and those that a server of ours accepted from channels.
    expect(sockets.some(({ server, remotePort }) => server == null && remotePort === freeswitch.port)).toBe(true);
    const foreign = [undefined, drachtio.port, freeswitch.port];
    expect(sockets.some(({ server, localPort }) => server != null && !foreign.includes(localPort))).toBe(true);
    noDelay.mockRestore();
  });

  it('keeps nothing of a room that is closed', async () => {
    pool = await poolOn(engines);
    const once = async (call: string) => {
      const room = await pool?.openRoom(call, vi.fn());
      await room?.prepare('agent', phone(5000));
      await room?.close();
    };
    await once('call-0');
    const open = () => process.getActiveResourcesInfo().filter((resource) => resource !== 'Timeout').length;
    const before = open();
    for (let n = 1; n <= 50; n++) await once(`call-${n}`);
    await expect.poll(open).toBeLessThanOrEqual(before);
    expect(pool.status()[0]?.rooms).toBe(0);
  });

  it('is closed twice, and with rooms in it', async () => {
    pool = await poolOn(engines);
    const room = await pool.openRoom('call-1', vi.fn());
    await room.prepare('agent', phone(5000));
    await Promise.all([pool.close(), pool.close()]);
    await expect.poll(() => channelsOn(engines.freeswitch)).toBe(0);
    await expect(pool.openRoom('call-2', vi.fn())).rejects.toMatchObject({ code: 'unavailable' });
  });
});

async function opens(pool: MediaPool | undefined): Promise<boolean | undefined> {
  const room = await pool?.openRoom('call-0', vi.fn()).catch(() => undefined);
  await room?.close();
  return room !== undefined;
}
