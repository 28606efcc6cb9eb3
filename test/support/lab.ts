import { fileURLToPath } from 'node:url';
import { App } from '../../src/app.ts';
import type { EarpieceEvent } from '../../src/coaching/events.ts';
import { type Config, loadConfig } from '../../src/config.ts';
import { createLogger } from '../../src/log.ts';
import { EventSocketClient } from '../contract/freeswitch/event-socket-client.ts';
import { ApiClient } from './api-client.ts';
import type { OutgoingCall } from './outgoing-call.ts';
import { Oracle } from './oracle.ts';
import { Phone, type PhoneOptions } from './phone.ts';
import { type ToneName, tone } from './tone.ts';
import { Watch, type Wait } from './watch.ts';

/** The devices of the laboratory's configuration. */
export const AGENT = '9c14cad7-17c4-48d0-8492-7cf0ff92c224';
export const OTHER_AGENT = '7d0f6a55-0a4e-4c7c-8f0b-5a7f7c1e5002';
export const SUPERVISOR = 'efe1ab32-6f4a-4c55-8c1f-0d7f4c0a5005';

type Section = 'http' | 'sip' | 'media' | 'monitoring' | 'store' | 'log';
export type Changes = { readonly [K in Section]?: Partial<Config[K]> } & {
  readonly users?: Config['users'];
  readonly devices?: Config['devices'];
};

const [drachtioAddress, freeswitchAddresses] = [process.env['EARPIECE_DRACHTIO'], process.env['EARPIECE_FREESWITCH']];

/** Whether the laboratory runs on a real drachtio-server and a real FreeSWITCH (EARPIECE_DRACHTIO, EARPIECE_FREESWITCH). */
export const onRealEngines = drachtioAddress !== undefined && freeswitchAddresses !== undefined;

/** The laboratory's configuration on free ports, on the engines that the environment names. */
export function labConfig(changes: Changes = {}): Config {
  const lab = loadConfig(fileURLToPath(new URL('../../src/lab.yaml', import.meta.url)), {});
  const address = (text: string) => {
    const [host = '127.0.0.1', port] = text.split(':');
    return { host, port: Number(port) };
  };
  const drachtio =
    drachtioAddress === undefined
      ? {}
      : { engine: 'drachtio' as const, drachtio: { ...address(drachtioAddress), secret: 'cymru' } };
  const freeswitch =
    freeswitchAddresses === undefined
      ? {}
      : {
          engine: 'freeswitch' as const,
          conferenceProfile: process.env['EARPIECE_CONFERENCE_PROFILE'] ?? 'earpiece',
          freeswitch: freeswitchAddresses.split(',').map((each) => ({ ...address(each), password: 'ClueCon' })),
        };
  return {
    ...lab,
    http: { ...lab.http, port: 0, ...changes.http },
    // Phones take their ports from the ephemeral range; the mixer's are below it.
    sip: { ...lab.sip, port: 0, ...drachtio, ...changes.sip },
    media: { ...lab.media, ...freeswitch, ...changes.media },
    monitoring: { ...lab.monitoring, ...changes.monitoring },
    store: { ...lab.store, kind: 'memory', ...changes.store },
    log: { level: process.env['EARPIECE_TEST_LOG'] ?? 'silent', ...changes.log } as Config['log'],
    users: changes.users ?? lab.users,
    devices: changes.devices ?? lab.devices,
  };
}

/** A whole Earpiece on free ports, and telephones around it. */
export class Lab implements AsyncDisposable {
  readonly app: App;
  readonly events: EarpieceEvent[];
  readonly #happened: Watch;
  readonly #phones: Phone[] = [];
  #closing: Promise<void> | undefined;

  private constructor(app: App, events: EarpieceEvent[], happened: Watch) {
    this.app = app;
    this.events = events;
    this.#happened = happened;
  }

  static async start(changes: Changes = {}): Promise<Lab> {
    const config = labConfig(changes);
    const events: EarpieceEvent[] = [];
    const happened = new Watch();
    const app = await App.start(config, createLogger(config.log.level), '0.0.0', (event) => {
      events.push(event);
      happened.touch();
    });
    await app.ready;
    return new Lab(app, events, happened);
  }

  get sip(): { protocol: 'udp'; address: string; port: number } {
    const [address = '127.0.0.1', port] = this.app.sipAddress.split(':');
    return { protocol: 'udp', address, port: Number(port) };
  }

  uriOf(number: string): string {
    return `sip:${number}@${this.app.sipAddress}`;
  }

  /** A telephone that sends everything to Earpiece. `number`: with it it is one of the configured devices and registers. */
  async phone(name: ToneName, number?: string, options: Partial<PhoneOptions> = {}): Promise<Phone> {
    const phone = await Phone.open({
      name,
      voice: tone(name),
      proxy: this.sip,
      ...(number !== undefined && { user: number, credentials: { username: number, password: 'earpiece' } }),
      ...options,
    });
    this.#phones.push(phone);
    if (number !== undefined) {
      const status = await phone.register(this.sip);
      if (status !== 200) throw new Error(`${name} was not let in: ${status}`);
    }
    return phone;
  }

  /** Customer, agent and supervisor, each with a voice of its own. */
  async trio(
    options: {
      agent?: Partial<PhoneOptions>;
      supervisor?: Partial<PhoneOptions>;
      customer?: Partial<PhoneOptions>;
    } = {},
  ): Promise<Trio> {
    const customer = await this.phone('customer', undefined, options.customer);
    const agent = await this.phone('agent', '5001', options.agent);
    const supervisor = await this.phone('supervisor', '5005', options.supervisor);
    const all = [customer, agent, supervisor];
    return { customer, agent, supervisor, oracle: new Oracle(all, all) };
  }

  /** The customer calls the agent; resolves when they hear each other. */
  async call({ customer, agent }: Pick<Trio, 'customer' | 'agent'>, number = '5001'): Promise<OutgoingCall> {
    const call = customer.call(this.uriOf(number));
    await call.established();
    await Promise.all([customer.probe.hears(agent.voice), agent.probe.hears(customer.voice)]);
    return call;
  }

  api(userName = 'supervisor'): ApiClient {
    return new ApiClient(this.app.httpUrl, userName);
  }

  coach(parameters: Record<string, unknown> = {}): Promise<void> {
    return this.api().operate(SUPERVISOR, 'Coach', { targetDeviceUri: this.api().deviceUri(AGENT), ...parameters });
  }

  cancel(parameters: Record<string, unknown> = {}): Promise<void> {
    return this.api().operate(SUPERVISOR, 'CancelSupervisorMonitoring', parameters);
  }

  /** The first event of that type, or the first after `skip` of them; it may have happened already. */
  event<T extends EarpieceEvent['type']>(
    type: T,
    { skip = 0, ...wait }: Wait & { skip?: number } = {},
  ): Promise<Extract<EarpieceEvent, { type: T }>> {
    const found = () =>
      this.events.filter((event) => event.type === type)[skip] as Extract<EarpieceEvent, { type: T }> | undefined;
    return this.#happened.until(`event ${type}`, found, () => this.events.map((event) => event.type).join(', '), wait);
  }

  /** How many events of that type there have been. */
  count(type: EarpieceEvent['type']): number {
    return this.events.filter((event) => event.type === type).length;
  }

  /** Channels that the media servers say they have, whoever asked for them. A real FreeSWITCH counts with some delay. */
  async channels(): Promise<number> {
    const counts = this.app.engines.mediaServers.map(async ({ port, password }) => {
      const client = await EventSocketClient.authenticated(port, password);
      const total = /^(\d+) total/m.exec(await client.api('show channels count'))?.[1];
      client.close();
      if (total === undefined) throw new Error('the media server does not say how many channels it has');
      return Number(total);
    });
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await this.app.close();
    await Promise.all(this.#phones.map((phone) => phone.close()));
    this.#happened.close('the laboratory was closed');
  }
}

export interface Trio {
  readonly customer: Phone;
  readonly agent: Phone;
  readonly supervisor: Phone;
  readonly oracle: Oracle;
}
