import { once } from 'node:events';
import { connect } from 'node:net';
import { EventSocketClient } from '../contract/freeswitch/event-socket-client.ts';

/** The environment that names real engines: the control port of a drachtio-server, the event sockets of FreeSWITCH servers. */
export const DRACHTIO_VARIABLE = 'EARPIECE_DRACHTIO';
export const FREESWITCH_VARIABLE = 'EARPIECE_FREESWITCH';

/** The secrets they come with. */
export const SECRETS = { drachtio: 'cymru', freeswitch: 'ClueCon' } as const;

export interface RealEngine {
  readonly kind: 'drachtio-server' | 'FreeSWITCH';
  readonly host: string;
  readonly port: number;
}

/** The real engines that the environment names; one line per variable that is missing or no `host:port`. */
export function realEngines(environment: NodeJS.ProcessEnv = process.env): {
  readonly engines: readonly RealEngine[];
  readonly problems: readonly string[];
} {
  const problems: string[] = [];
  const read = (variable: string, kind: RealEngine['kind'], several: boolean): RealEngine[] => {
    const form = `${variable}=host:port${several ? '[,host:port]' : ''}`;
    const text = environment[variable];
    if (text === undefined || text === '') {
      problems.push(`${form} is missing: the address of a ${kind}`);
      return [];
    }
    return text.split(',').flatMap((each) => {
      const [, host, port] = /^([^:]+):(\d+)$/.exec(each) ?? [];
      if (host !== undefined && port !== undefined) return [{ kind, host, port: Number(port) }];
      problems.push(`${form}: '${each}' is no address`);
      return [];
    });
  };
  const engines = [
    ...read(DRACHTIO_VARIABLE, 'drachtio-server', false),
    ...read(FREESWITCH_VARIABLE, 'FreeSWITCH', true),
  ];
  return { engines, problems };
}

/** Name and version as the engine says them. Rejects when it does not answer within `limitMs`, or does not take the secret. */
export async function versionOf(engine: RealEngine, limitMs = 3000): Promise<string> {
  const { kind, host, port } = engine;
  try {
    const version = kind === 'FreeSWITCH' ? freeswitchVersion(host, port) : drachtioVersion(host, port);
    const tooLate = once(AbortSignal.timeout(limitMs), 'abort').then(() => {
      throw new Error(`no answer within ${limitMs} ms`);
    });
    return `${kind} ${await Promise.race([version, tooLate])}`;
  } catch (error) {
    const { message } = error instanceof Error ? error : new Error(String(error));
    throw new Error(`${kind} at ${host}:${port}: ${message}`, { cause: error });
  }
}

async function freeswitchVersion(host: string, port: number): Promise<string> {
  const client = await EventSocketClient.authenticated(port, SECRETS.freeswitch, host);
  const text = await client.api('version');
  client.close();
  // FreeSWITCH Version 1.10.12-release~64bit ( 64bit)
  return /Version (\S+?)(?:[-+~]|\s|$)/.exec(text)?.[1] ?? text.trim();
}

/** Its control protocol: the answer to `authenticate` is OK, the addresses it listens at, its version. */
async function drachtioVersion(host: string, port: number): Promise<string> {
  const socket = connect(port, host);
  try {
    await once(socket, 'connect');
    const request = `11111111-1111-1111-1111-111111111111|authenticate|${SECRETS.drachtio}|`;
    socket.write(`${Buffer.byteLength(request)}#${request}`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    const [, , , outcome, , version = 'of unknown version'] = answer.toString().split('|');
    if (outcome !== 'OK') throw new Error('it refuses the secret');
    return version;
  } finally {
    socket.destroy();
  }
}
