import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SipServerProcess } from '../../support/sip-server-process.ts';
import { House } from './house.ts';

describe('drachtio is killed and started again', () => {
  let server: SipServerProcess;
  let house: House;
  beforeEach(async () => {
    server = await SipServerProcess.start();
    house = await House.open({ residents: [{ number: '5001' }], controlPort: () => Promise.resolve(server.adminPort) });
  });
  afterEach(async () => {
    await house[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  async function call() {
    const agent = await house.registered('5001');
    const customer = await house.phone('customer');
    const outgoing = customer.call(house.uri('5001'));
    const { call } = await house.control.hears('established');
    const [incoming] = agent.calls;
    if (incoming === undefined) throw new Error('nobody called the agent');
    return { customer, outgoing, incoming, call };
  }

  async function restarted() {
    await server.restart();
    await house.diary.says('drachtio knows the dialog again', 2);
  }

  for (const by of ['customer', 'agent'] as const) {
    it(`a call that was up goes on, and ends when the ${by} hangs up`, async () => {
      const { outgoing, incoming } = await call();
      await restarted();
      expect([outgoing.state, incoming.state]).toEqual(['established', 'established']);
      const [one, other] = by === 'customer' ? [outgoing, incoming] : [incoming, outgoing];
      await one.hangUp();
      expect(await other.ended()).toMatchObject({ kind: 'hung-up', by: 'peer' });
      await house.control.hears('ended');
      await house.diary.says('call ended');
      expect(house.b2bua.counts).toEqual({ ringing: 0, calls: 0, legs: 0, supervisors: 0 });
    });
  }

  it('both phones can be told of other media, and tell of theirs; new calls are taken', async () => {
    const { customer, outgoing, incoming, call: old } = await call();
    await restarted();
    const said = house.b2bua.remoteDescription(old.callee.legId);
    expect(await house.b2bua.offer(old.caller.legId, said)).toContain('o=customer');
    await outgoing.hold();
    expect(house.control.told).toContainEqual(expect.objectContaining({ type: 'offer', legId: old.caller.legId }));
    const young = customer.call(house.uri('5001'));
    await young.established();
    await house.b2bua.hangUp(old.caller.legId);
    await Promise.all([outgoing.ended(), incoming.ended()]);
  });

  it('a phone that hung up while drachtio was away takes the other with it', async () => {
    const { outgoing, incoming } = await call();
    await server.kill();
    await outgoing.hangUp().catch(() => undefined);
    await server.restart();
    expect(await incoming.ended()).toMatchObject({ kind: 'hung-up', by: 'peer' });
    await house.control.hears('ended');
  });

  it('a phone whose 200 says nothing of where it is, is where it was', async () => {
    const { outgoing, incoming } = await call();
    incoming.withoutContact = true;
    await restarted();
    await outgoing.hangUp();
    expect(await incoming.ended()).toMatchObject({ kind: 'hung-up', by: 'peer' });
    expect(house.diary.lines.filter((line) => line.includes('connected to drachtio again'))).toHaveLength(1);
  });

  it('a phone that speaks before it was found has to say it again, and does not hang up', async () => {
    const { outgoing, incoming } = await call();
    outgoing.reoffers = 503;
    await server.restart();
    await house.diary.says('a phone that cannot be heard is not found');
    outgoing.reoffers = 'answer';
    const told = await outgoing.request('INFO', { body: 'Signal=1' });
    expect([told.status, told.headers.get('Retry-After')]).toEqual([500, expect.stringMatching(/^\d+$/)]);
    await house.diary.says('drachtio knows the dialog again', 2);
    expect((await outgoing.reinvite()).status).toBe(200);
    await outgoing.hangUp();
    await incoming.ended();
  });

  it('what we end while drachtio is away is ended when it is back', async () => {
    const { outgoing, incoming, call: old } = await call();
    await server.kill();
    const hungUp = house.b2bua.hangUp(old.caller.legId);
    await server.restart();
    expect(await outgoing.ended()).toMatchObject({ kind: 'hung-up', by: 'peer' });
    expect(await incoming.ended()).toMatchObject({ kind: 'hung-up', by: 'peer' });
    await hungUp;
  });
});
