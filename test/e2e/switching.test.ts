import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AGENT, Lab, SUPERVISOR, type Trio } from '../support/lab.ts';
import { nothingIsLeft } from '../support/leftovers.ts';

describe('a supervisor that changes what it does', () => {
  let lab: Lab;
  let trio: Trio;
  let switches = 0;

  beforeEach(async () => {
    lab = await Lab.start();
    trio = await lab.trio();
    switches = 0;
  });
  afterEach(() => lab.close());

  /** Asks for another operation; resolves when the room has confirmed it. */
  async function become(operationName: string): Promise<void> {
    const targetDeviceUri = lab.api().deviceUri(AGENT);
    await lab.api().operate(SUPERVISOR, operationName, { targetDeviceUri });
    await lab.event('supervision.switched', { skip: switches++ });
  }

  it('between coaching and listening, twenty times: the customer hears not one frame', async () => {
    const { customer, agent, supervisor, oracle } = trio;
    const call = await lab.call(trio);
    await lab.coach();
    await lab.event('supervision.active');
    for (let round = 0; round < 20; round++) {
      await agent.probe.hears(supervisor.voice);
      await become('ListenIn');
      await agent.probe.hearsNo(supervisor.voice, { frames: 5 });
      await become('Coach');
    }
    await agent.probe.hears(supervisor.voice);
    await customer.probe.receives(10);
    oracle.assertNeverHeard('customer', 'supervisor');
    await call.hangUp();
    await nothingIsLeft(lab);
  });

  it('barging in and back: the customer hears it while it barges in, and no longer', async () => {
    const { customer, agent, supervisor, oracle } = trio;
    const call = await lab.call(trio);
    await lab.coach();
    await agent.probe.hears(supervisor.voice);
    oracle.assertNeverHeard('customer', 'supervisor');
    await become('BargeIn');
    await Promise.all([customer.probe.hears(supervisor.voice), agent.probe.hears(supervisor.voice)]);
    await become('Coach');
    await customer.probe.hearsNo(supervisor.voice);
    const quiet = performance.now();
    await agent.probe.hears(supervisor.voice, { frames: 25 });
    await call.hangUp();
    await nothingIsLeft(lab);
    oracle.assertNeverHeard('customer', 'supervisor', { from: quiet });
    expect(lab.app.switchboard.device(SUPERVISOR).monitoring).toMatchObject({ operation: 'Coach' });
  });
});
