import { randomUUID } from 'node:crypto';
import type { Config } from '../../src/config.ts';
import type { OutgoingCall } from '../support/outgoing-call.ts';
import { Phone } from '../support/phone.ts';
import type { Voice } from '../support/voice.ts';
import { Product, type ProductOptions } from './product.ts';

type Device = Config['devices'][number];

/** A customer, an agent and the supervisor of this agent; all of them answer at once. */
export interface Trio {
  readonly customer: Phone;
  readonly agent: Phone;
  readonly supervisor: Phone;
  readonly agentDevice: Device;
  readonly supervisorDevice: Device;
}

export interface Voices {
  readonly customer: Voice;
  readonly agent: Voice;
  readonly supervisor: Voice;
}

/** The product and telephones around it. */
export class Stage implements AsyncDisposable {
  readonly product: Product;
  readonly trios: readonly Trio[];

  private constructor(product: Product, trios: readonly Trio[]) {
    this.product = product;
    this.trios = trios;
  }

  static async open(size: number, voices: Voices, options: ProductOptions = {}): Promise<Stage> {
    const trios = await Promise.all(Array.from({ length: size }, (_, n) => openTrio(n, voices)));
    const devices = trios.flatMap(({ agentDevice, supervisorDevice }) => [agentDevice, supervisorDevice]);
    return new Stage(await Product.start(devices, options), trios);
  }

  /** The customer calls the agent; resolves when both have packets of each other. */
  async call({ customer, agent, agentDevice }: Trio): Promise<OutgoingCall> {
    const call = customer.call(this.product.uriOf(agentDevice.phoneNumber), { via: this.product.sip });
    await call.established();
    await Promise.all([customer.probe.receives(5), agent.probe.receives(5)]);
    return call;
  }

  async coach({ agentDevice, supervisorDevice }: Trio): Promise<void> {
    const api = this.product.api('supervisor');
    await api.operate(supervisorDevice.id, 'Coach', { targetDeviceUri: api.deviceUri(agentDevice.id) });
  }

  cancel({ supervisorDevice }: Trio): Promise<void> {
    return this.product.api('supervisor').operate(supervisorDevice.id, 'CancelSupervisorMonitoring');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.product[Symbol.asyncDispose]();
    await Promise.all(
      this.trios.flatMap((trio) => [trio.customer, trio.agent, trio.supervisor].map((each) => each.close())),
    );
  }
}

async function openTrio(n: number, voices: Voices): Promise<Trio> {
  const open = (name: keyof Voices) => Phone.open({ name, voice: voices[name] });
  const [customer, agent, supervisor] = await Promise.all([open('customer'), open('agent'), open('supervisor')]);
  const device = (phoneNumber: number, owner: string, { uri }: Phone): Device => ({
    id: randomUUID(),
    phoneNumber: String(phoneNumber),
    owner,
    address: uri,
    autoAnswer: true,
  });
  return {
    customer,
    agent,
    supervisor,
    agentDevice: device(6000 + n, 'agent1', agent),
    supervisorDevice: device(7000 + n, 'supervisor', supervisor),
  };
}
