import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AGENT, Lab, OTHER_AGENT, SUPERVISOR } from '../support/lab.ts';
import { channelsBecome, nothingIsLeft } from '../support/leftovers.ts';
import { Oracle } from '../support/oracle.ts';
import { Phone } from '../support/phone.ts';
import { tone } from '../support/tone.ts';

describe('calls', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await Lab.start();
  });
  afterEach(() => lab.close());

  it('two at once, each with its own agent: the supervisor is heard in one ear of all four', async () => {
    const { customer, agent, supervisor } = await lab.trio();
    const secondCustomer = await lab.phone('secondCustomer');
    const secondAgent = await lab.phone('secondAgent', '5002');
    const first = await lab.call({ customer, agent });
    const second = await lab.call({ customer: secondCustomer, agent: secondAgent }, '5002');
    const everyone = [customer, agent, supervisor, secondCustomer, secondAgent];
    const oracle = new Oracle(everyone, everyone);

    await lab.coach();
    await agent.probe.hears(supervisor.voice, { frames: 10 });
    await lab.event('supervision.active');
    const targetDeviceUri = lab.api().deviceUri(OTHER_AGENT);
    await lab.coach({ targetDeviceUri });
    await secondAgent.probe.hears(supervisor.voice, { frames: 10 });
    await agent.probe.hearsNo(supervisor.voice);

    for (const listener of ['customer', 'secondCustomer']) oracle.assertNeverHeard(listener, 'supervisor');
    for (const [one, other] of [
      ['agent', 'secondCustomer'],
      ['customer', 'secondAgent'],
      ['secondAgent', 'customer'],
    ] as const) {
      oracle.assertNeverHeard(one, other);
      oracle.assertNeverHeard(other, one);
    }
    await Promise.all([first.hangUp(), second.hangUp()]);
    await nothingIsLeft(lab);
  });

  it('cost nothing while nobody listens: no channel, and no packet through us before, or after', async () => {
    const trio = await lab.trio();
    const { customer, agent, supervisor } = trio;
    const call = await lab.call(trio);
    const sourcesSince = (phone: typeof agent, at: number) =>
      new Set(phone.probe.received.filter((packet) => packet.at >= at).map(({ source }) => source));
    const direct = {
      customer: new Set([`127.0.0.1:${agent.probe.port}`]),
      agent: new Set([`127.0.0.1:${customer.probe.port}`]),
    };

    await channelsBecome(lab, 0);
    expect(sourcesSince(customer, 0)).toEqual(direct.customer);
    expect(sourcesSince(agent, 0)).toEqual(direct.agent);

    await lab.coach();
    await agent.probe.hears(supervisor.voice);
    await lab.event('supervision.active');
    await channelsBecome(lab, 3);

    await lab.cancel();
    await lab.event('room.released');
    await channelsBecome(lab, 0);
    const released = performance.now();
    await Promise.all([
      customer.probe.hears(agent.voice, { frames: 25 }),
      agent.probe.hears(customer.voice, { frames: 25 }),
    ]);
    expect(sourcesSince(customer, released)).toEqual(direct.customer);
    expect(sourcesSince(agent, released)).toEqual(direct.agent);
    await call.hangUp();
    await nothingIsLeft(lab);
  });

  it('are refused before the agent is rung when their media make no sense', async () => {
    const { customer, agent } = await lab.trio();
    const audio = (line: string) =>
      ['v=0', 'o=x 1 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0', line, ''].join('\r\n');
    for (const [sdp, status] of [
      ['this is no session description', 400],
      [audio('m=video 4000 RTP/AVP 99\r\na=rtpmap:99 H264/90000'), 488],
      [audio('m=audio 0 RTP/AVP 0'), 488],
    ] as const) {
      const call = customer.call(lab.uriOf('5001'), { sdp });
      expect((await call.final()).status).toBe(status);
    }
    expect(agent.calls).toEqual([]);
    await nothingIsLeft(lab);
  });

  it('to somebody who is not there are refused', async () => {
    const { customer } = await lab.trio();
    expect((await customer.call(lab.uriOf('5002')).final()).status).toBe(480);
  });

  it.each([AGENT, SUPERVISOR])('leave the device %s visible to who owns it', async (id) => {
    await lab.trio();
    const user = id === AGENT ? 'agent1' : 'supervisor';
    const { status, body } = await lab.api(user).ask('GET', `/api/v2/devices/${id}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ statusCode: 0, device: { id, deviceState: 'Active' } });
  });
});

describe('a call of the agent to the outside, by way of the switch', () => {
  it('is coached like any other', async () => {
    const customer = await Phone.open({ name: 'customer', voice: tone('customer') });
    await using lab = await Lab.start({
      sip: { switch: { addresses: [], trustFrom: false, uri: `sip:127.0.0.1:${customer.sipPort}` } },
    });
    const [agent, supervisor] = [await lab.phone('agent', '5001'), await lab.phone('supervisor', '5005')];
    const oracle = new Oracle([customer, agent, supervisor], [customer, agent, supervisor]);
    const call = agent.call(lab.uriOf('0301234567'), { from: `<${lab.uriOf('5001')}>` });
    await call.established();
    expect((await customer.incoming()).invite.uri).toContain('0301234567');
    await lab.coach();
    await agent.probe.hears([supervisor.voice, customer.voice]);
    await supervisor.probe.hears([agent.voice, customer.voice]);
    await call.hangUp();
    await nothingIsLeft(lab);
    oracle.assertNeverHeard('customer', 'supervisor');
    await customer.close();
  });
});

describe('a call of the agent that the switch routes through us', () => {
  it('goes back to the switch, and is coached there', async () => {
    const customer = await Phone.open({ name: 'customer', voice: tone('customer') });
    await using lab = await Lab.start({
      sip: { switch: { addresses: ['127.0.0.1'], trustFrom: false, uri: `sip:127.0.0.1:${customer.sipPort}` } },
    });
    const [agent, supervisor] = [await lab.phone('agent', '5001'), await lab.phone('supervisor', '5005')];
    const oracle = new Oracle([customer, agent, supervisor], [customer, agent, supervisor]);
    const headers = { 'P-Asserted-Identity': `<${lab.uriOf('5001')}>` };
    const call = agent.call(lab.uriOf('0301234567'), { headers });
    await call.established();
    await lab.coach();
    await agent.probe.hears([supervisor.voice, customer.voice]);
    await call.hangUp();
    await nothingIsLeft(lab);
    oracle.assertNeverHeard('customer', 'supervisor');
    await customer.close();
  });
});

describe('with media.policy always, a call', () => {
  it('is anchored from its beginning, and its supervisor comes and goes without a re-INVITE', async () => {
    await using lab = await Lab.start({ media: { policy: 'always' } });
    const trio = await lab.trio();
    const { customer, agent, supervisor, oracle } = trio;
    const call = await lab.call(trio);
    await lab.event('room.opened');
    const reinvites = () => agent.calls.flatMap(({ requests }) => requests).filter(({ method }) => method === 'INVITE');
    expect(reinvites()).toHaveLength(1);
    await lab.coach();
    await agent.probe.hears([supervisor.voice, customer.voice]);
    await lab.event('supervision.active');
    await lab.cancel();
    await lab.event('supervision.ended');
    await Promise.all([customer.probe.hears(agent.voice), agent.probe.hears(customer.voice)]);
    expect(reinvites()).toHaveLength(1);
    await call.hangUp();
    await nothingIsLeft(lab);
    oracle.assertNeverHeard('customer', 'supervisor');
  });
});
