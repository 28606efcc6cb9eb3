import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, Server } from 'node:net';
import { setTimeout as after } from 'node:timers/promises';

/** Below what a mixer takes for RTP and what Linux gives to whoever does not ask: nobody else comes by before it is used. */
const [first, last] = [10_000, 16_383];

/** A port that is free for UDP and TCP, for programs that must be told one. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = first + Math.floor(Math.random() * (last - first + 1));
    if ((await isFree(createSocket('udp4'), port)) && (await isFree(createServer(), port))) return port;
  }
}

async function isFree(socket: Socket | Server, port: number): Promise<boolean> {
  const listening = once(socket, 'listening');
  if (socket instanceof Server) socket.listen(port, '127.0.0.1');
  else socket.bind(port, '127.0.0.1');
  try {
    await listening;
  } catch {
    // Somebody else has it.
    return false;
  }
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return true;
}

/** So often the kernel is asked, ms: a foreign program does not tell when it has opened its port. */
const interval = 10;

/** Resolves when somebody listens on this UDP port. @throws Error after `within` ms. */
export async function listening(port: number, within = 10_000): Promise<void> {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const given = performance.now() + within;
  while (!new RegExp(`^ *\\d+: [0-9A-F]+:${hex} `, 'm').test(await readFile('/proc/net/udp', 'utf8'))) {
    if (performance.now() > given) throw new Error(`nobody listens on UDP port ${port} after ${within} ms`);
    await after(interval);
  }
}
