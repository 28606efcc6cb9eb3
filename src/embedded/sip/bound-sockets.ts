import { StreamConnections } from './stream-connections.ts';
import { tcpDialect, tlsDialect, type Credentials, type StreamDialect } from './stream-dialect.ts';
import { bindUdp, createUdpSocket, type Socket } from './udp-socket.ts';
import { webSocketDialect } from './web-socket.ts';

export type Protocol = 'udp' | 'tcp' | 'tls' | 'ws' | 'wss';

export interface ListenOptions {
  /** The address to bind; 0.0.0.0 for all. */
  readonly host: string;
  /** The address written into Via and Contact; the bound one, or for 0.0.0.0 the first of this machine. */
  readonly advertise?: string;
  /** 0 or absent: any free port. */
  readonly udpPort?: number;
  /** 0 or absent: the same number as UDP where that is free, else any. */
  readonly tcpPort?: number;
  /** Streams besides TCP; 0: any free port, absent: none. `tls` and `wss` need credentials. */
  readonly tlsPort?: number;
  readonly wsPort?: number;
  readonly wssPort?: number;
  readonly credentials?: Credentials;
}

/** The sockets of one listening point, bound. */
export interface BoundSockets {
  readonly udp: Socket;
  readonly streams: ReadonlyMap<Protocol, StreamConnections>;
  readonly ports: ReadonlyMap<Protocol, number>;
}

/** Binds what `options` ask for; rejects with the system's error, and leaves nothing bound then. */
export async function bindAll(options: ListenOptions): Promise<BoundSockets> {
  const { host, udpPort = 0, tcpPort = 0, credentials } = options;
  const { udp, tcp, ports } = await bindBoth(host, udpPort, tcpPort);
  const streams = new Map<Protocol, StreamConnections>([['tcp', tcp]]);
  try {
    for (const [protocol, port, dialect] of furtherStreams(options, credentials)) {
      const connections = new StreamConnections(dialect);
      ports.set(protocol, await connections.listen(host, port));
      streams.set(protocol, connections);
    }
  } catch (error) {
    udp.close();
    await Promise.all([...streams.values()].map((each) => each.close()));
    throw error;
  }
  return { udp, streams, ports };
}

function furtherStreams(
  { tlsPort, wsPort, wssPort }: ListenOptions,
  credentials: Credentials | undefined,
): (readonly [Protocol, number, StreamDialect])[] {
  const wanted: (readonly [Protocol, number, StreamDialect])[] = [];
  if (tlsPort !== undefined && credentials !== undefined) wanted.push(['tls', tlsPort, tlsDialect(credentials)]);
  if (wsPort !== undefined) wanted.push(['ws', wsPort, webSocketDialect()]);
  if (wssPort !== undefined && credentials !== undefined) wanted.push(['wss', wssPort, webSocketDialect(credentials)]);
  return wanted;
}

interface BoundPair {
  readonly udp: Socket;
  readonly tcp: StreamConnections;
  readonly ports: Map<Protocol, number>;
}

/** With both ports free to choose they get the same number, for the sake of whoever reads a trace. */
async function bindBoth(host: string, udpPort: number, tcpPort: number): Promise<BoundPair> {
  for (let attempt = 1; ; attempt += 1) {
    const udp = createUdpSocket(host);
    const tcp = new StreamConnections(tcpDialect);
    const lastAttempt = tcpPort !== 0 || attempt > SAME_NUMBER_ATTEMPTS;
    try {
      const bound = await bindUdp(udp, host, udpPort);
      const boundTcp = await tcp.listen(host, lastAttempt ? tcpPort : bound);
      const ports = new Map<Protocol, number>([
        ['tcp', boundTcp],
        ['udp', bound],
      ]);
      return { udp, tcp, ports };
    } catch (error) {
      udp.close();
      if (lastAttempt || isTaken(udpPort, error)) throw error;
    }
  }
}

/** A UDP port that was asked for by number stays taken, however often one tries. */
const isTaken = (udpPort: number, error: unknown): boolean =>
  udpPort !== 0 && error instanceof Error && 'syscall' in error && error.syscall === 'bind';

const SAME_NUMBER_ATTEMPTS = 20;
