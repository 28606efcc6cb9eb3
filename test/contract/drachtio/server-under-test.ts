import { randomBytes } from 'node:crypto';
import { DrachtioServer, type DrachtioOptions } from '../../../src/embedded/drachtio/server.ts';
import type { Protocol, SipTarget } from '../../../src/embedded/sip/transport.ts';
import { RawApp } from './raw-app.ts';

/** host:port of the control port of a real drachtio-server on loopback, secret cymru; unset: the miniature. */
export const realServer = process.env['EARPIECE_DRACHTIO'];

/** The server a test talks to: a fresh miniature, or the real one that EARPIECE_DRACHTIO names. */
export interface ServerUnderTest {
  readonly adminPort: number;
  readonly sipPort: number;
  readonly sipTcpPort: number;
  /** The port of 'tls' or 'ws'. */
  portOf(protocol: Protocol): number;
  /** What it holds; the real one cannot be asked, and is taken to hold none. */
  readonly dialogs: number;
  close(): Promise<void>;
}

/** @param options of the miniature; a real server runs as it was started. */
export async function startServer(options: Partial<DrachtioOptions> = {}): Promise<ServerUnderTest> {
  if (realServer !== undefined) return connectToReal(Number(realServer.split(':')[1]));
  const server = await DrachtioServer.listen({ secret: 'cymru', ...options });
  return {
    adminPort: server.adminPort,
    sipPort: server.sipPort,
    sipTcpPort: server.sipTcpPort,
    portOf: (protocol) => server.portOf(protocol),
    get dialogs() {
      return server.numbers.dialogs;
    },
    close: () => server.close(),
  };
}

async function connectToReal(adminPort: number): Promise<ServerUnderTest> {
  const app = await RawApp.connect(adminPort);
  const [, hostPorts = ''] = (await app.ask('authenticate|cymru|')).split('|');
  app.close();
  const portOf = (protocol: Protocol): number =>
    Number(new RegExp(`${protocol}/127\\.0\\.0\\.1:(\\d+)`).exec(hostPorts)?.[1]);
  return {
    adminPort,
    sipPort: portOf('udp'),
    sipTcpPort: portOf('tcp'),
    portOf,
    dialogs: 0,
    close: () => Promise.resolve(),
  };
}

export const udpTarget = ({ sipPort }: Pick<ServerUnderTest, 'sipPort'>): SipTarget => ({
  protocol: 'udp',
  address: '127.0.0.1',
  port: sipPort,
});

/** A Call-ID no run before this one has used: a real server remembers them. */
export const freshCallId = (name: string): string => `${name}-${randomBytes(4).toString('hex')}`;
