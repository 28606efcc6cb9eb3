import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as after } from 'node:timers/promises';

/** A UDP port that was free a moment ago, for programs that must be told one. */
export async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
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
