import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IncomingCall } from '../support/incoming-call.ts';
import type { OutgoingCall } from '../support/outgoing-call.ts';
import { Lab, type Trio } from '../support/lab.ts';
import { nothingIsLeft } from '../support/leftovers.ts';

describe('leaving a coached call', () => {
  let lab: Lab;
  let trio: Trio;
  let call: OutgoingCall;
  let [agentLeg, supervisorLeg]: [IncomingCall?, IncomingCall?] = [];

  beforeEach(async () => {
    lab = await Lab.start();
    trio = await lab.trio();
    call = await lab.call(trio);
    await lab.coach();
    await trio.agent.probe.hears([trio.supervisor.voice, trio.customer.voice]);
    await lab.event('supervision.active');
    agentLeg = await trio.agent.incoming();
    supervisorLeg = await trio.supervisor.incoming();
  });
  afterEach(() => lab.close());

  const partiesTalkDirectly = async () => {
    await lab.event('room.released');
    const { customer, agent, supervisor } = trio;
    await Promise.all([
      customer.probe.hears(agent.voice, { frames: 10 }),
      agent.probe.hears(customer.voice, { frames: 10 }),
      agent.probe.hearsNo(supervisor.voice),
    ]);
  };

  it('the supervisor hangs up: the two go on, directly, and the subscription stays', async () => {
    await supervisorLeg?.hangUp();
    await partiesTalkDirectly();
    expect((await lab.event('supervision.ended')).supervision.state).toMatchObject({ end: { outcome: 'left' } });
    expect([call.state, agentLeg?.state]).toEqual(['established', 'established']);
    trio.oracle.assertNeverHeard('customer', 'supervisor');
    await call.hangUp();
    await nothingIsLeft(lab);
  });

  it('the supervision is cancelled: the supervisor is hung up, the two go on', async () => {
    await lab.cancel();
    expect(await supervisorLeg?.ended()).toMatchObject({ kind: 'hung-up', by: 'peer' });
    await partiesTalkDirectly();
    trio.oracle.assertNeverHeard('customer', 'supervisor');
    await call.hangUp();
    await nothingIsLeft(lab);
  });

  it('cancelled with leaveCall false: the supervisor stays until it hangs up', async () => {
    await lab.cancel({ leaveCall: false });
    await trio.agent.probe.hears(trio.supervisor.voice, { frames: 25 });
    expect(supervisorLeg?.state).toBe('established');
    await supervisorLeg?.hangUp();
    await partiesTalkDirectly();
    trio.oracle.assertNeverHeard('customer', 'supervisor');
  });

  it('the agent hangs up: everybody is released', async () => {
    await agentLeg?.hangUp();
    expect(await call.ended()).toMatchObject({ kind: 'hung-up', by: 'peer' });
    expect(await supervisorLeg?.ended()).toMatchObject({ kind: 'hung-up', by: 'peer' });
    trio.oracle.assertNeverHeard('customer', 'supervisor');
    await nothingIsLeft(lab);
  });

  it('the customer hangs up: everybody is released', async () => {
    await call.hangUp();
    expect(await agentLeg?.ended()).toMatchObject({ kind: 'hung-up', by: 'peer' });
    expect(await supervisorLeg?.ended()).toMatchObject({ kind: 'hung-up', by: 'peer' });
    trio.oracle.assertNeverHeard('customer', 'supervisor');
    await nothingIsLeft(lab);
  });
});
