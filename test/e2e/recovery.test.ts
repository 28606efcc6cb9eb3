import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EventSocketClient } from '../contract/freeswitch/event-socket-client.ts';
import { EarpieceProcess } from '../support/earpiece-process.ts';
import { AGENT, SUPERVISOR } from '../support/lab.ts';
import { MediaServerProcess } from '../support/media-server-process.ts';
import { Oracle } from '../support/oracle.ts';
import { Phone } from '../support/phone.ts';
import { SipServerProcess } from '../support/sip-server-process.ts';
import { tone, type ToneName } from '../support/tone.ts';

describe('Earpiece is killed and started again', () => {
  let sip: SipServerProcess;
  let media: MediaServerProcess;
  let earpiece: EarpieceProcess;
  let phones: Phone[];
  beforeEach(async () => {
    phones = [];
    [sip, media] = await Promise.all([SipServerProcess.start(), MediaServerProcess.start()]);
    earpiece = await EarpieceProcess.start(sip, media);
  });
  afterEach(async () => {
    await earpiece[Symbol.asyncDispose]();
    await Promise.all(phones.map((phone) => phone.close()));
    await Promise.all([sip[Symbol.asyncDispose](), media[Symbol.asyncDispose]()]);
  });

  async function phone(name: ToneName, number?: string): Promise<Phone> {
    const proxy = { protocol: 'udp' as const, address: '127.0.0.1', port: sip.sipPort };
    const credentials = number !== undefined && {
      user: number,
      credentials: { username: number, password: 'earpiece' },
    };
    const opened = await Phone.open({ name, voice: tone(name), proxy, ...credentials });
    phones.push(opened);
    if (number !== undefined) expect(await opened.register(proxy)).toBe(200);
    return opened;
  }

  async function trio() {
    const [customer, agent, supervisor] = [
      await phone('customer'),
      await phone('agent', '5001'),
      await phone('supervisor', '5005'),
    ];
    return { customer, agent, supervisor, oracle: new Oracle(phones, phones) };
  }

  async function call({ customer, agent }: { customer: Phone; agent: Phone }) {
    const outgoing = customer.call(`sip:5001@127.0.0.1:${sip.sipPort}`);
    await outgoing.established();
    await Promise.all([customer.probe.hears(agent.voice), agent.probe.hears(customer.voice)]);
    return outgoing;
  }

  const coach = () => earpiece.api().operate(SUPERVISOR, 'Coach', { targetDeviceUri: earpiece.api().deviceUri(AGENT) });
  const device = async () => (await earpiece.api().ask('GET', `/api/v2/devices/${SUPERVISOR}?fields=*`)).body['device'];

  /** Channels that the media server still has. */
  async function channels(): Promise<number> {
    const { port, password } = media.address;
    const client = await EventSocketClient.authenticated(port, password);
    const count = /^(\d+) total/m.exec(await client.api('show channels count'))?.[1];
    client.close();
    return Number(count);
  }

  it('a start that fails, since something else has the HTTP port, leaves the calls to the next', async () => {
    const { customer, agent } = await trio();
    const outgoing = await call({ customer, agent });
    await earpiece.kill();
    expect(await earpiece.startInVain({ EARPIECE_HTTP_PORT: String(sip.adminPort) })).toBe(1);
    expect([outgoing.state, agent.calls[0]?.state]).toEqual(['established', 'established']);
    await earpiece.restart();
    await earpiece.says('call of a process that is gone');
    await outgoing.hangUp();
    expect(await agent.calls[0]?.ended()).toMatchObject({ kind: 'hung-up', by: 'peer' });
  });

  it('two who talk directly miss nothing, and end together', async () => {
    const { customer, agent, oracle } = await trio();
    const outgoing = await call({ customer, agent });
    await customer.probe.hears(agent.voice, { frames: 50 });
    const from = performance.now();
    await earpiece.kill();
    await earpiece.restart();
    await earpiece.says('call of a process that is gone');
    const to = performance.now();
    await customer.probe.hears(agent.voice, { frames: 75 });
    expect(oracle.lost('customer', 'agent', from, to).lost).toBe(0);
    expect(oracle.lost('agent', 'customer', from, to).lost).toBe(0);
    await outgoing.hangUp();
    expect(await agent.calls[0]?.ended()).toMatchObject({ kind: 'hung-up', by: 'peer' });
  });

  it('a coached call goes on, its subscription brings the supervisor in again, nothing stays behind', async () => {
    const { customer, agent, supervisor, oracle } = await trio();
    const outgoing = await call({ customer, agent });
    await coach();
    await agent.probe.hears([supervisor.voice, customer.voice], { frames: 50 });
    await earpiece.says('supervision active');
    await earpiece.kill();
    // Nobody governs the room now; it is as it was.
    await agent.probe.hears([supervisor.voice, customer.voice], { frames: 25 });
    await earpiece.restart();
    expect(await supervisor.calls[0]?.ended()).toMatchObject({ kind: 'hung-up', by: 'peer' });
    expect(await device()).toMatchObject({ supervisorMonitoringState: { state: 'Coach' } });
    // Who is registered has been stored, too: the subscription takes the supervisor into the call again.
    await agent.probe.hears([supervisor.voice, customer.voice], { frames: 25 });
    await customer.probe.hears(agent.voice, { frames: 25 });
    await outgoing.hangUp();
    expect(await agent.calls[0]?.ended()).toMatchObject({ kind: 'hung-up', by: 'peer' });
    await expect.poll(channels, { timeout: 20_000 }).toBe(0);
    oracle.assertNeverHeard('customer', 'supervisor');
  });
});
