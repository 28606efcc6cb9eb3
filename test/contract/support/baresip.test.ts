import { describe, expect, it } from 'vitest';
import { Baresip, baresipPath } from '../../support/baresip.ts';
import { Oracle } from '../../support/oracle.ts';
import { Phone } from '../../support/phone.ts';
import { tone } from '../../support/tone.ts';

const [customerTone, agentTone] = [tone('customer'), tone('agent')];

describe.skipIf(baresipPath === undefined)('a real baresip', () => {
  it('is called, answers, and has heard who spoke', async () => {
    await using agent = await Baresip.start({ name: 'agent', voice: agentTone, autoAnswer: true });
    await using customer = await Phone.open({ name: 'customer', voice: customerTone });
    const call = customer.call(agent.uri);
    await call.established();
    await agent.event('CALL_ESTABLISHED');
    await customer.probe.hears(agentTone, { frames: 25 });
    expect(await call.hangUp()).toBe(200);
    await agent.event('CALL_CLOSED');
    const ear = await agent.close();
    const oracle = new Oracle([customer, ear], [customer, { name: 'agent', voice: agentTone, sent: [] }]);
    expect(oracle.table()).toEqual({
      customer: { customer: false, agent: true },
      agent: { customer: true, agent: false },
    });
    oracle.assertHeard('agent', 'customer', 20);
  });

  it('calls, holds, resumes and hangs up', async () => {
    await using customer = await Baresip.start({ name: 'customer', voice: customerTone, codec: 'PCMA' });
    await using agent = await Phone.open({ name: 'agent', voice: agentTone });
    await customer.dial(agent.uri);
    const call = await agent.incoming();
    await agent.probe.hears(customerTone, { frames: 10 });
    await customer.hold();
    await call.receives('INVITE');
    await customer.resume();
    await call.receives('INVITE', { skip: 1 });
    await agent.probe.hears(customerTone);
    await customer.hangUp();
    expect(await call.ended()).toMatchObject({ kind: 'hung-up', by: 'peer' });
  });

  it('follows re-INVITEs to a new address', async () => {
    await using agent = await Baresip.start({ name: 'agent', voice: agentTone, autoAnswer: true });
    await using customer = await Phone.open({ name: 'customer', voice: customerTone });
    const call = customer.call(agent.uri);
    await call.established();
    await customer.probe.hears(agentTone);
    for (let n = 0; n < 2; n++) {
      await customer.probe.move();
      expect((await call.reinvite()).status).toBe(200);
      await customer.probe.hears(agentTone);
    }
    expect(await call.hangUp()).toBe(200);
  });

  it('accepts when told to', async () => {
    await using agent = await Baresip.start({ name: 'agent', voice: agentTone });
    await using customer = await Phone.open({ name: 'customer', voice: customerTone });
    const call = customer.call(agent.uri);
    await call.ringing(180);
    await agent.event('CALL_INCOMING');
    await agent.accept();
    await call.established();
    await agent.close();
  });
});
