import { afterEach, beforeEach, describe, it } from 'vitest';
import { Lab } from '../support/lab.ts';

describe('coaching a call', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await Lab.start();
  });
  afterEach(() => lab.close());

  it('in progress: the agent hears the supervisor, the customer does not, the supervisor hears both', async () => {
    const trio = await lab.trio();
    const { customer, agent, supervisor, oracle } = trio;
    const call = await lab.call(trio);
    await lab.coach();
    await agent.probe.hears([supervisor.voice, customer.voice]);
    await supervisor.probe.hears([agent.voice, customer.voice]);
    await customer.probe.hears(agent.voice, { frames: 25 });
    await call.hangUp();
    await lab.event('supervision.ended');
    oracle.assertNeverHeard('customer', 'supervisor');
  });
});
