import { pino } from 'pino';
import { B2bua } from '../../../src/b2bua/b2bua.ts';
import type { B2buaOptions } from '../../../src/b2bua/options.ts';
import { Registrar } from '../../../src/b2bua/registrar.ts';
import type { Device } from '../../../src/coaching/device.ts';
import type { Directory } from '../../../src/coaching/ports.ts';
import { DrachtioServer } from '../../../src/embedded/drachtio/server.ts';
import type { SipTarget } from '../../../src/embedded/sip/transport.ts';
import { Phone, type PhoneOptions } from '../../support/phone.ts';
import { tone } from '../../support/tone.ts';
import { Control } from './control.ts';
import { Diary } from './diary.ts';

export const PASSWORD = 'open sesame';
/** How often a phone tries to register. */
const MOST_ATTEMPTS = 100;

export interface Resident {
  readonly number: string;
  /** A fixed address; without one it registers, with its number and PASSWORD. */
  readonly address?: string;
  readonly autoAnswer?: boolean;
}

export interface HouseOptions extends Partial<Pick<B2buaOptions, 'ringMs' | 'algorithms' | 'autoAnswerHeaders'>> {
  readonly residents?: readonly Resident[];
  /** Default: everybody on this machine is the switch. */
  readonly switchAddresses?: readonly string[];
  readonly switchUri?: string;
  /** What we say when the switch asks for a password. */
  readonly switchAuth?: B2buaOptions['switch']['auth'];
  readonly registrar?: Registrar;
  /** Where drachtio is reached, when that is not its own port. */
  readonly controlPort?: (adminPort: number) => Promise<number>;
}

/**
 * A B2BUA between real sockets: in front of the miniature drachtio-server, or of a real one where EARPIECE_DRACHTIO names its control
 * port (`127.0.0.1:9022`, secret cymru); the files must then run one after the other (`--no-file-parallelism`), or drachtio shares its requests out.
 */
export class House implements AsyncDisposable {
  readonly b2bua: B2bua;
  readonly control: Control;
  readonly sip: SipTarget;
  readonly server: DrachtioServer | undefined;
  /** What it writes into its log. */
  readonly diary: Diary;
  readonly #phones: Phone[] = [];

  private constructor(b2bua: B2bua, control: Control, server: DrachtioServer | undefined, diary: Diary) {
    this.diary = diary;
    this.b2bua = b2bua;
    this.control = control;
    this.server = server;
    const port = /udp\/127\.0\.0\.1:(\d+)/.exec(b2bua.hostPorts)?.[1];
    this.sip = { protocol: 'udp', address: '127.0.0.1', port: Number(port) };
  }

  static async open(options: HouseOptions = {}): Promise<House> {
    const {
      residents = [],
      switchAddresses = ['127.0.0.1'],
      switchUri,
      registrar = new Registrar({ minExpires: 1 }),
    } = options;
    const devices = residents.map(deviceOf);
    const directory = directoryOf(devices, registrar);
    const real = process.env['EARPIECE_DRACHTIO'];
    const server = real === undefined ? await DrachtioServer.listen({ secret: 'cymru' }) : undefined;
    const [host = '127.0.0.1', port = '9022'] = (real ?? `127.0.0.1:${server?.adminPort ?? 0}`).split(':');
    const through = (await options.controlPort?.(Number(port))) ?? Number(port);
    const diary = new Diary();
    const b2bua = new B2bua(
      {
        ...options,
        drachtio: { host, port: through, secret: 'cymru' },
        switch: { addresses: switchAddresses, uri: switchUri, auth: options.switchAuth },
        realm: 'earpiece.test',
        registrar,
        credentials: (name) => {
          const device = devices.find(({ phoneNumber }) => phoneNumber === name);
          return device && { deviceId: device.id, password: PASSWORD };
        },
      },
      directory,
      pino({ level: 'info' }, diary),
    );
    const control = new Control(b2bua, directory);
    b2bua.control(control);
    await b2bua.connect();
    return new House(b2bua, control, server, diary);
  }

  /** The address of a number here. */
  uri(number: string): string {
    return `sip:${number}@${this.sip.address}:${this.sip.port}`;
  }

  /** Signalling is what is looked at here: nobody listens to the voices. */
  async phone(name: string, options: Partial<PhoneOptions> = {}): Promise<Phone> {
    const phone = await Phone.open({ name, voice: tone('customer'), proxy: this.sip, ...options });
    this.#phones.push(phone);
    return phone;
  }

  /** A phone that has registered as the device with this number. */
  async registered(number: string, options: Partial<PhoneOptions> = {}): Promise<Phone> {
    const phone = await this.phone(`phone-${number}`, {
      user: number,
      credentials: { username: number, password: PASSWORD },
      ...options,
    });
    let status = await phone.register(this.sip);
    // drachtio may not have heard yet that it is us who take REGISTER; then it answers for itself.
    for (let attempts = 1; status === 503 && attempts < MOST_ATTEMPTS; attempts++)
      status = await phone.register(this.sip);
    if (status !== 200) throw new Error(`registering ${number}: ${status}`);
    return phone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.b2bua.close();
    await Promise.all(this.#phones.map((phone) => phone.close()));
    await this.server?.close();
  }
}

const deviceOf = ({ number, address, autoAnswer = false }: Resident): Device => ({
  id: `device-${number}`,
  phoneNumber: number,
  address,
  ownerId: undefined,
  autoAnswer,
});

const directoryOf = (devices: readonly Device[], registrar: Registrar): Directory => ({
  device: (id) => devices.find((device) => device.id === id),
  deviceByNumber: (number) => devices.find(({ phoneNumber }) => phoneNumber === number),
  isActive: (id) =>
    registrar.isActive(id) || devices.some((device) => device.id === id && device.address !== undefined),
});
