import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Call } from '../../../src/coaching/call.ts';
import type { Monitoring } from '../../../src/coaching/monitoring.ts';
import type { EarpieceEvent } from '../../../src/coaching/events.ts';
import type { DialOutcome, MediaServers, Room, Signalling } from '../../../src/coaching/ports.ts';
import { type Policy, Switchboard } from '../../../src/coaching/switchboard.ts';
import { CometdNotifier } from '../../../src/cometd/notifier.ts';
import { loadConfig } from '../../../src/config.ts';
import { Devices } from '../../../src/genesys/devices.ts';
import { Uris } from '../../../src/genesys/uris.ts';
import { createHttpServer, type HttpOptions } from '../../../src/http/server.ts';
import { createLogger } from '../../../src/log.ts';
import { memoryStore } from '../../../src/store/memory-store.ts';
import { Roster } from '../../../src/store/roster.ts';
import { ClaimedServers } from './servers.ts';

/** The devices of the laboratory. */
export const AGENT = '9c14cad7-17c4-48d0-8492-7cf0ff92c224';
export const OTHER_AGENT = '7d0f6a55-0a4e-4c7c-8f0b-5a7f7c1e5002';
export const SUPERVISOR = 'efe1ab32-6f4a-4c55-8c1f-0d7f4c0a5005';

/** A call of a customer to the first agent. */
export const CALL: Call = {
  id: 'call-1',
  caller: { legId: 'customer-leg', deviceId: undefined, phoneNumber: '+4930123456', displayName: 'A Customer' },
  callee: { legId: 'agent-leg', deviceId: AGENT, phoneNumber: '5001', displayName: undefined },
  type: 'Inbound',
  dnis: '5001',
};

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

export interface Request {
  readonly as?: string;
  readonly password?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

/** The whole control plane on a port of its own, with the real switchboard, and with phones and sound that are only claimed. */
export async function startControlPlane(options: Partial<HttpOptions & Policy> & { dial?: DialOutcome } = {}) {
  const config = loadConfig(fileURLToPath(new URL('../../../src/lab.yaml', import.meta.url)), {});
  const log = createLogger('silent');
  const roster = new Roster(config);
  const registered = new Set([AGENT, SUPERVISOR]);
  const policy = { intrusion: true, severalSupervisors: false, alwaysAnchored: false, ...options };
  const happened: EarpieceEvent[] = [];
  const servers = new ClaimedServers();
  let base = '';
  const uris = new Uris(() => base);
  const memory = memoryStore();
  const monitorings = {
    follow: memory.monitorings.follow.bind(memory.monitorings),
    take: memory.monitorings.take.bind(memory.monitorings),
  };
  const store = { ...memory, monitorings };
  const stored = () => {
    const found: Monitoring[] = [];
    memory.monitorings.follow(({ state }) => {
      if (state.is !== 'none') found.push(state.monitoring);
    });
    return found;
  };
  const events = {
    publish: (event: EarpieceEvent) => {
      happened.push(event);
      notifier.publish(event);
    },
  };
  const directory = {
    device: (id: string) => roster.device(id),
    deviceByNumber: (number: string) => roster.deviceByNumber(number),
    isActive: (id: string) => registered.has(id),
  };
  const dial = options.dial ?? { outcome: 'answered', legId: 'supervisor-leg', answer: 'answer' };
  const clock = { pause: () => Promise.resolve() };
  const switchboard = new Switchboard({ directory, signalling: phones(dial), media, store, events, clock }, policy);
  switchboard.start();
  const devices = new Devices(switchboard, roster, policy, uris);
  const notifier = new CometdNotifier({ switchboard, devices, uris }, log);
  const http = createHttpServer(
    { csrf: false, secure: false, sessionMinutes: 30, version: '0.1.0', ...options },
    { switchboard, roster, devices, uris, notifications: notifier, servers },
    log,
  );
  base = await http.listen({ host: '127.0.0.1', port: 0 });

  async function ask(
    method: string,
    path: string,
    { as, password = 'earpiece', body, headers }: Request = {},
  ): Promise<Answer> {
    const response = await fetch(`${base}${path}`, {
      method,
      headers: {
        ...(as !== undefined && { authorization: basic(as, password) }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const parsed = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
    return { status: response.status, headers: response.headers, body: parsed };
  }

  return {
    base,
    uris,
    switchboard,
    registered,
    happened,
    servers,
    /** The subscriptions that are kept. */
    stored,
    /** Makes the store fail. */
    breakStore: (reason: string) => {
      monitorings.take = () => Promise.reject(new Error(reason));
    },
    notifier,
    ask,
    coach: (more: object = {}) =>
      ask('POST', `/api/v2/me/devices/${SUPERVISOR}`, {
        as: 'supervisor',
        body: { operationName: 'Coach', targetDeviceUri: uris.device(AGENT), ...more },
      }),
    [Symbol.asyncDispose]: async () => {
      const closed = once(http.server, 'close');
      await http.close();
      await closed;
    },
  };
}

export type ControlPlane = Awaited<ReturnType<typeof startControlPlane>>;

export const basic = (userName: string, password = 'earpiece'): string =>
  `Basic ${Buffer.from(`${userName}:${password}`).toString('base64')}`;

function phones(outcome: DialOutcome): Signalling {
  return {
    offer: () => Promise.resolve('answer'),
    connectDirectly: () => Promise.resolve(),
    letGo: () => undefined,
    remoteDescription: () => 'description',
    dial: () => Promise.resolve(outcome),
    hangUp: () => Promise.resolve(),
  };
}

const room: Room = {
  prepare: () => Promise.resolve('offer'),
  aim: () => Promise.resolve('offer'),
  describe: () => Promise.resolve('answer'),
  admit: () => Promise.resolve(),
  apply: () => Promise.resolve(),
  dismiss: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

const media: MediaServers = { available: true, openRoom: () => Promise.resolve(room) };
