import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { Drachtio } from '../../../src/media/drachtio.ts';
import { pino } from 'pino';
import { DrachtioServer } from '../../../src/embedded/drachtio/server.ts';
import { silentLog } from './stage.ts';

it('what drachtio says and cannot be read ends its connection, not the process; a new one is made', async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.once('data', (frame: Buffer) => {
      const id = /^\d+#([^|]+)\|authenticate\|/.exec(frame.toString())?.[1] ?? '';
      const answer = `11111111-2222-3333-4444-555555555555|response|${id}|OK|udp/127.0.0.1:5060|v0.9.10|`;
      socket.write(`${answer.length}#${answer}`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const drachtio = new Drachtio({ host: '127.0.0.1', port, secret: 'cymru' }, silentLog);
  await drachtio.connect();
  sockets[0]?.write('nonsense#');
  await expect.poll(() => sockets.length).toBe(2);
  await expect.poll(() => drachtio.isUp).toBe(true);
  drachtio.close();
  await new Promise((resolve) => server.close(resolve));
});

it('a secret that is refused after a restart is said once, and tried again by and by', async () => {
  const lines: { reason?: string }[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => lines.push(JSON.parse(line) as { reason?: string }) });
  const first = await DrachtioServer.listen({ secret: 'cymru' });
  const { adminPort } = first;
  const drachtio = new Drachtio({ host: '127.0.0.1', port: adminPort, secret: 'cymru' }, log);
  await drachtio.connect();
  await first.close();
  await expect.poll(() => drachtio.isUp).toBe(false);
  const other = await DrachtioServer.listen({ secret: 'another', adminPort });
  const said = () => lines.map(({ reason }) => reason);
  await expect.poll(said, { timeout: 10_000 }).toEqual(['it was closed', 'it refuses our secret']);
  await other.close();
  const third = await DrachtioServer.listen({ secret: 'cymru', adminPort });
  await expect.poll(() => drachtio.isUp, { timeout: 10_000 }).toBe(true);
  drachtio.close();
  await third.close();
});
