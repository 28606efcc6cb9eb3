import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Lab } from '../support/lab.ts';
import { nothingIsLeft } from '../support/leftovers.ts';
import { SipServerProcess } from '../support/sip-server-process.ts';

describe('the SIP server is killed and started again', () => {
  let server: SipServerProcess;
  let lab: Lab;
  beforeEach(async () => {
    server = await SipServerProcess.start();
    const drachtio = { host: '127.0.0.1', port: server.adminPort, secret: server.secret };
    lab = await Lab.start({ sip: { engine: 'drachtio', drachtio } });
  });
  afterEach(async () => {
    await lab.close();
    await server[Symbol.asyncDispose]();
  });

  async function restarted(): Promise<void> {
    await server.restart();
    const { b2bua, media } = lab.app;
    const now = () => ({ sip: b2bua.status.state, unheard: b2bua.unheard, media: media.available });
    await expect.poll(now, { timeout: 15_000 }).toEqual({ sip: 'up', unheard: 0, media: true });
  }

  it('two who talk directly miss nothing, and end together', async () => {
    const { customer, agent, oracle } = await lab.trio();
    const call = await lab.call({ customer, agent });
    await customer.probe.hears(agent.voice, { frames: 50 });
    const from = performance.now();
    await restarted();
    const to = performance.now();
    await customer.probe.hears(agent.voice, { frames: 75 });
    expect(oracle.lost('customer', 'agent', from, to).lost).toBe(0);
    expect(oracle.lost('agent', 'customer', from, to).lost).toBe(0);
    await agent.calls[0]?.hangUp();
    expect(await call.ended()).toMatchObject({ kind: 'hung-up', by: 'peer' });
    await nothingIsLeft(lab);
  });

  it('a coached call stays as it is; the supervisor is taken out, another call is coached', async () => {
    const trio = await lab.trio();
    const { customer, agent, supervisor, oracle } = trio;
    await lab.call(trio);
    await lab.coach();
    await agent.probe.hears([supervisor.voice, customer.voice], { frames: 50 });
    const from = performance.now();
    await restarted();
    const to = performance.now();
    await agent.probe.hears([supervisor.voice, customer.voice], { frames: 75 });
    expect(oracle.lost('agent', 'supervisor', from, to).lost).toBe(0);
    expect(oracle.lost('customer', 'agent', from, to).lost).toBe(0);

    await lab.cancel();
    expect(await supervisor.calls[0]?.ended()).toMatchObject({ kind: 'hung-up', by: 'peer' });
    await customer.probe.hears(agent.voice, { frames: 25 });
    await customer.calls[0]?.hangUp();
    await agent.calls[0]?.ended();
    await nothingIsLeft(lab);

    await lab.coach();
    const next = await lab.call(trio);
    await agent.probe.hears([supervisor.voice, customer.voice]);
    await next.hangUp();
    await lab.event('supervision.ended', { skip: 1 });
    oracle.assertNeverHeard('customer', 'supervisor');
    await nothingIsLeft(lab);
  });
});
