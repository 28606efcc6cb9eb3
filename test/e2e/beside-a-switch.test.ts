import { describe, expect, it } from 'vitest';
import { kamailioPath } from '../support/kamailio.ts';
import { AGENT } from '../support/lab.ts';
import { nothingIsLeft } from '../support/leftovers.ts';
import { Oracle } from '../support/oracle.ts';
import type { Phone } from '../support/phone.ts';
import { SwitchLab } from '../support/switch-lab.ts';

/** One calls the other at the switch; resolves when they hear each other. */
async function talk(switchLab: SwitchLab, from: Phone, to: Phone, number: string) {
  const call = from.call(switchLab.uriOf(number));
  await call.established();
  await Promise.all([from.probe.hears(to.voice), to.probe.hears(from.voice)]);
  return call;
}

describe.skipIf(kamailioPath === undefined)('beside a switch (Kamailio)', () => {
  it('a call for an agent is coached: everything goes through the switch, the customer hears nothing', async () => {
    await using beside = await SwitchLab.start();
    const { customer, agent, supervisor, oracle } = await beside.trio();
    const { lab } = beside;
    const call = await talk(beside, customer, agent, '5001');
    expect((await lab.event('call.established')).call).toMatchObject({
      type: 'Inbound',
      caller: { phoneNumber: '1001', deviceId: undefined },
      callee: { phoneNumber: '5001', deviceId: AGENT },
    });
    await lab.coach();
    await agent.probe.hears([supervisor.voice, customer.voice]);
    await supervisor.probe.hears([agent.voice, customer.voice]);
    await customer.probe.hears(agent.voice, { frames: 25 });
    await call.hangUp();
    await lab.event('supervision.ended');
    oracle.assertNeverHeard('customer', 'supervisor');
    await nothingIsLeft(lab);
  });

  it('a call of an agent is coached too; the callee hangs up', async () => {
    await using beside = await SwitchLab.start();
    const { customer, agent, supervisor, oracle } = await beside.trio();
    const { lab } = beside;
    await lab.coach();
    await talk(beside, agent, customer, '1001');
    expect((await lab.event('call.established')).call).toMatchObject({
      type: 'Outbound',
      caller: { phoneNumber: '5001', deviceId: AGENT },
      callee: { phoneNumber: '1001', deviceId: undefined },
    });
    await agent.probe.hears([supervisor.voice, customer.voice]);
    await customer.probe.hears(agent.voice, { frames: 25 });
    await (await customer.incoming()).hangUp();
    await lab.event('supervision.ended');
    oracle.assertNeverHeard('customer', 'supervisor');
    await nothingIsLeft(lab);
  });

  it('a call from agent to agent comes through once, and no header that a phone makes up leads past Earpiece', async () => {
    await using beside = await SwitchLab.start();
    const agent = await beside.phone('agent', '5001');
    const other = await beside.phone('secondAgent', '5002');
    const headers = { 'X-Earpiece-Loop': '0123456789abcdef', 'P-Asserted-Identity': '<sip:1001@example.org>' };
    const call = agent.call(beside.uriOf('5002'), { headers });
    await call.established();
    await other.probe.hears(agent.voice);
    expect((await beside.lab.event('call.established')).call.caller).toMatchObject({ deviceId: AGENT });
    await call.hangUp();
    await nothingIsLeft(beside.lab);
    expect(beside.lab.count('call.established')).toBe(1);
    expect(other.calls).toHaveLength(1);
  });

  it.each(['5001', '1001'])(
    'a stranger that shows the number of the agent, and calls %s, never hears the supervisor',
    async (number) => {
      await using beside = await SwitchLab.start();
      const { customer, agent, supervisor } = await beside.trio();
      const stranger = await beside.trunk('secondCustomer', '5001');
      const callee = number === '5001' ? agent : customer;
      await beside.lab.coach();
      const headers = { 'P-Asserted-Identity': `<${beside.uriOf('5001')}>` };
      const call = stranger.call(beside.uriOf(number), { headers });
      await call.established();
      if (callee === agent) await agent.probe.hears([supervisor.voice, stranger.voice]);
      await stranger.probe.hears(callee.voice, { frames: 25 });
      await call.hangUp();
      await nothingIsLeft(beside.lab);
      const oracle = new Oracle([customer, agent, supervisor, stranger], [customer, agent, supervisor, stranger]);
      oracle.assertNeverHeard('secondCustomer', 'supervisor');
      expect(beside.lab.count('supervision.active')).toBe(callee === agent ? 1 : 0);
    },
  );

  it('a switch that asks for a password gets one, for the call and for the supervisor', async () => {
    await using beside = await SwitchLab.start({ passwordForEarpiece: true });
    const { customer, agent, supervisor, oracle } = await beside.trio();
    const call = await talk(beside, customer, agent, '5001');
    await beside.lab.coach();
    await agent.probe.hears(supervisor.voice);
    await call.hangUp();
    await nothingIsLeft(beside.lab);
    oracle.assertNeverHeard('customer', 'supervisor');
  });

  it('a busy agent is busy, and a customer that gives up is heard', async () => {
    await using beside = await SwitchLab.start();
    const { customer, agent } = await beside.trio();
    agent.onIncoming = { reject: 486 };
    await expect(customer.call(beside.uriOf('5001')).final()).resolves.toMatchObject({ status: 486 });
    agent.onIncoming = 'ring';
    const second = customer.call(beside.uriOf('5001'));
    await second.ringing();
    second.cancel();
    await nothingIsLeft(beside.lab);
    // The switch brought neither of them to the agent a second time.
    expect(agent.calls).toHaveLength(2);
  });

  it('Earpiece is down: the switch delivers the call without it', async () => {
    await using beside = await SwitchLab.start();
    const { customer, agent } = await beside.trio();
    await beside.lab.app.close();
    const call = await talk(beside, customer, agent, '5001');
    await call.hangUp();
    expect(beside.kamailio.log).toContain('Earpiece did not take the call from 1001 to 5001');
    expect(beside.lab.count('call.established')).toBe(0);
  });

  it('taken out of the path, and put back, while the switch runs', async () => {
    await using beside = await SwitchLab.start();
    const { customer, agent } = await beside.trio();
    await beside.kamailio.command('cfg.set_now_int', 'earpiece', 'in_path', '0');
    await (await talk(beside, customer, agent, '5001')).hangUp();
    expect(beside.lab.count('call.established')).toBe(0);
    await beside.kamailio.command('cfg.set_now_int', 'earpiece', 'in_path', '1');
    await (await talk(beside, customer, agent, '5001')).hangUp();
    await nothingIsLeft(beside.lab);
    expect(beside.lab.count('call.established')).toBe(1);
  });
});
