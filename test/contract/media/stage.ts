import { connect } from 'node:net';
import { pino } from 'pino';
import type { Room } from '../../../src/coaching/ports.ts';
import type { Sdp } from '../../../src/coaching/leg.ts';
import type { MediaServerAddress } from '../../../src/media/freeswitch.ts';
import { MediaPool, type MediaPoolOptions } from '../../../src/media/media-pool.ts';
import { Oracle } from '../../support/oracle.ts';
import { RtpProbe } from '../../support/probe.ts';
import { tone } from '../../support/tone.ts';
import type { Engines } from './engines.ts';

export const silentLog = pino({ level: 'silent' });

/** A pool on these engines; `limits` short enough that a test can wait for them. */
export async function poolOn(
  engines: Engines,
  options: Partial<MediaPoolOptions> = {},
  log = silentLog,
): Promise<MediaPool> {
  const pool = poolFor(engines, options, log);
  await pool.connect();
  return pool;
}

/** One that is not connected yet. */
export function poolFor(engines: Engines, options: Partial<MediaPoolOptions> = {}, log = silentLog): MediaPool {
  const base = {
    drachtio: engines.drachtio,
    servers: [engines.freeswitch],
    listenAddress: '127.0.0.1',
    conferenceProfile: 'lab',
  };
  return new MediaPool({ ...base, ...options }, log);
}

/** What a phone at this port says of itself. */
export function phone(port: number, { codecs = ['0 PCMU', '8 PCMA'], direction = 'sendrecv', more = '' } = {}): Sdp {
  const payloads = codecs.map((codec) => codec.split(' ')[0]).join(' ');
  const maps = codecs.map((codec) => `a=rtpmap:${codec}/8000\r\n`).join('');
  return (
    'v=0\r\no=phone 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n' +
    `m=audio ${port} RTP/AVP ${payloads} 101\r\n${maps}a=rtpmap:101 telephone-event/8000\r\na=${direction}\r\n${more}`
  );
}

/** Where a description wants its audio. */
export function audioOf(sdp: Sdp): { readonly address: string; readonly port: number } {
  const address = /^c=IN IP4 (\S+)/m.exec(sdp)?.[1] ?? '';
  return { address, port: Number(/^m=audio (\d+)/m.exec(sdp)?.[1]) };
}

/** Customer, agent and supervisor, each with a tone of its own. */
export class Cast implements AsyncDisposable {
  readonly customer: RtpProbe;
  readonly agent: RtpProbe;
  readonly supervisor: RtpProbe;
  readonly oracle: Oracle;

  private constructor(customer: RtpProbe, agent: RtpProbe, supervisor: RtpProbe) {
    this.customer = customer;
    this.agent = agent;
    this.supervisor = supervisor;
    const all = [customer, agent, supervisor];
    this.oracle = new Oracle(all, all);
  }

  static async open(): Promise<Cast> {
    const probe = (name: 'customer' | 'agent' | 'supervisor') => RtpProbe.open({ name, voice: tone(name) });
    return new Cast(await probe('customer'), await probe('agent'), await probe('supervisor'));
  }

  /** Customer and agent in the room, hearing each other. */
  async talk(room: Room): Promise<void> {
    const parties = [this.customer, this.agent];
    await Promise.all(parties.map((party) => this.enter(room, party)));
    await room.apply(parties.map(({ name }) => ({ type: 'undeafen', member: name })));
    await room.apply(parties.map(({ name }) => ({ type: 'unmute', member: name })));
  }

  /** Into the room, speaking, deaf and mute. */
  async enter(room: Room, probe: RtpProbe): Promise<void> {
    const offer = await room.prepare(probe.name, phone(probe.port));
    probe.sendTo(audioOf(offer));
    await room.admit(probe.name);
    await room.describe(probe.name, phone(probe.port));
  }

  /** The supervisor, from outside the room to whispering. */
  async coach(room: Room): Promise<void> {
    const member = 'supervisor';
    const offer = await room.prepare(member, undefined);
    this.supervisor.sendTo(audioOf(offer));
    await room.describe(member, phone(this.supervisor.port));
    await room.admit(member);
    await room.apply([{ type: 'separate', speaker: member, listener: 'customer' }]);
    await room.apply([{ type: 'undeafen', member }]);
    await room.apply([{ type: 'unmute', member }]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.customer, this.agent, this.supervisor].map((probe) => probe.close()));
  }
}

/** Asks a FreeSWITCH something, past everything that is tested. */
export async function ask({ host, port, password }: MediaServerAddress, command: string): Promise<string> {
  const socket = connect({ host, port });
  socket.write(`auth ${password}\n\napi ${command}\n\n`);
  let text = '';
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    text += chunk.toString();
    const [, length, rest = ''] = /api\/response\nContent-Length: (\d+)\n\n([^]*)/.exec(text) ?? [];
    if (length !== undefined && rest.length >= Number(length)) return rest.slice(0, Number(length));
  }
  throw new Error(`no answer to ${command}`);
}

export async function channelsOn(server: MediaServerAddress): Promise<number> {
  return Number(/(\d+) total/.exec(await ask(server, 'show channels count'))?.[1]);
}
