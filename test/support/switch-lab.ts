import { fileURLToPath } from 'node:url';
import { loadConfig } from '../../src/config.ts';
import { freePort } from './free-port.ts';
import { Kamailio } from './kamailio.ts';
import { Lab, type Trio } from './lab.ts';
import { Oracle } from './oracle.ts';
import { Phone, type PhoneOptions } from './phone.ts';
import { type ToneName, tone } from './tone.ts';

const configuration = fileURLToPath(new URL('../lab/earpiece.yaml', import.meta.url));

export interface SwitchLabOptions {
  /** The switch asks Earpiece for a password too. */
  readonly passwordForEarpiece?: boolean;
}

/** Earpiece beside a Kamailio, as docker-compose.yml has them: the same configuration files. The telephones know the switch alone. */
export class SwitchLab implements AsyncDisposable {
  readonly lab: Lab;
  readonly kamailio: Kamailio;
  readonly #phones: Phone[] = [];

  private constructor(lab: Lab, kamailio: Kamailio) {
    this.lab = lab;
    this.kamailio = kamailio;
  }

  static async start({ passwordForEarpiece = false }: SwitchLabOptions = {}): Promise<SwitchLab> {
    const port = await freePort();
    const { sip, users, devices } = loadConfig(configuration, {
      EARPIECE_SIP_ENGINE: 'embedded',
      EARPIECE_MEDIA_ENGINE: 'embedded',
      EARPIECE_SWITCH_URI: `sip:127.0.0.1:${port};transport=udp`,
      EARPIECE_SWITCH_ADDRESSES: '127.0.0.1',
      ...(passwordForEarpiece && { EARPIECE_SWITCH_USER_NAME: 'earpiece', EARPIECE_SWITCH_PASSWORD: 'earpiece' }),
    });
    const lab = await Lab.start({ sip: { switch: sip.switch }, users, devices });
    try {
      const earpiece = `sip:${lab.app.sipAddress}`;
      const defines = passwordForEarpiece ? ['PASSWORD_FOR_EARPIECE'] : [];
      return new SwitchLab(lab, await Kamailio.start({ port, earpiece, defines }));
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  get switch(): { protocol: 'udp'; address: string; port: number } {
    return { protocol: 'udp', address: '127.0.0.1', port: this.kamailio.port };
  }

  /** A number at the switch. */
  uriOf(number: string): string {
    return `sip:${number}@127.0.0.1:${this.kamailio.port}`;
  }

  /** A telephone that is registered at the switch. */
  async phone(name: ToneName, number: string, options: Partial<PhoneOptions> = {}): Promise<Phone> {
    const credentials = { username: number, password: 'earpiece' };
    const phone = await Phone.open({
      name,
      voice: tone(name),
      user: number,
      proxy: this.switch,
      credentials,
      ...options,
    });
    this.#phones.push(phone);
    const status = await phone.register(this.switch);
    if (status !== 200) throw new Error(`the switch did not let ${name} in: ${status}`);
    return phone;
  }

  /** Somebody out there, who comes in through the trunk and shows this number. */
  async trunk(name: ToneName, number: string): Promise<Phone> {
    const credentials = { username: 'trunk', password: 'earpiece' };
    const phone = await Phone.open({ name, voice: tone(name), user: number, proxy: this.switch, credentials });
    this.#phones.push(phone);
    return phone;
  }

  /** Customer 1001, agent 5001 and supervisor 5005. */
  async trio(): Promise<Trio> {
    const customer = await this.phone('customer', '1001');
    const agent = await this.phone('agent', '5001');
    const supervisor = await this.phone('supervisor', '5005');
    const all = [customer, agent, supervisor];
    return { customer, agent, supervisor, oracle: new Oracle(all, all) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.lab.close();
    } finally {
      await Promise.all(this.#phones.map((phone) => phone.close()));
      await this.kamailio.close();
    }
  }
}
