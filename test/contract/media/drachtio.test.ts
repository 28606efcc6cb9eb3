import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { connectDrachtio } from '../../../src/media/drachtio.ts';
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
  const drachtio = await connectDrachtio({ host: '127.0.0.1', port, secret: 'cymru' }, 5000, silentLog);
  sockets[0]?.write('nonsense#');
  await expect.poll(() => sockets.length).toBe(2);
  await expect.poll(drachtio.isUp).toBe(true);
  drachtio.close();
  await new Promise((resolve) => server.close(resolve));
});
