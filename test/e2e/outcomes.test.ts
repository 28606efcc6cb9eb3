import { afterEach, describe, expect, it } from 'vitest';
import { Lab, SUPERVISOR, type Trio } from '../support/lab.ts';
import type { OnIncoming } from '../support/phone.ts';
import { nothingIsLeft } from '../support/leftovers.ts';
import type { OutgoingCall } from '../support/outgoing-call.ts';

describe('a supervisor that does not come', () => {
  let lab: Lab;
  afterEach(() => lab.close());

  /** A call in progress whose supervisor's phone reacts like this. */
  async function start(onIncoming: OnIncoming, monitoring = {}): Promise<[Trio, OutgoingCall]> {
    lab = await Lab.start({ monitoring });
    const trio = await lab.trio({ supervisor: { onIncoming } });
    return [trio, await lab.call(trio)];
  }

  /** No re-INVITE reached either party, and not a packet between them went through the media server. */
  async function callIsUntouched({ customer, agent, oracle }: Trio, call: OutgoingCall) {
    await Promise.all([customer.probe.hears(agent.voice), agent.probe.hears(customer.voice)]);
    for (const phone of [customer, agent]) {
      for (const each of phone.calls) expect(each.requests.filter(({ method }) => method === 'INVITE')).toEqual([]);
    }
    const sources = (phone: Trio['agent']) => new Set(phone.probe.received.map(({ source }) => source));
    expect(sources(customer)).toEqual(new Set([`127.0.0.1:${agent.probe.port}`]));
    expect(sources(agent)).toEqual(new Set([`127.0.0.1:${customer.probe.port}`]));
    oracle.assertNeverHeard('customer', 'supervisor');
    await call.hangUp();
    await nothingIsLeft(lab);
  }

  it.each<[string, OnIncoming]>([
    ['busy', { reject: 486 }],
    ['declined', { reject: 603 }],
    ['unreachable', { reject: 404 }],
    ['no-answer', { reject: 480 }],
  ])('%s: the call is untouched and the subscription stays armed', async (outcome, onIncoming) => {
    const [trio, call] = await start(onIncoming);
    await lab.coach();
    expect((await lab.event('supervision.ended')).supervision.state).toMatchObject({ end: { outcome } });
    expect(lab.app.switchboard.device(SUPERVISOR).monitoring).toBeDefined();
    await callIsUntouched(trio, call);
  });

  it('rings in vain: it is given up after the time configured', async () => {
    const [trio, call] = await start('ring', { answerSeconds: 1 });
    await lab.coach();
    const [leg] = [await trio.supervisor.incoming()];
    expect((await lab.event('supervision.ended')).supervision.state).toMatchObject({ end: { outcome: 'no-answer' } });
    expect(await leg.ended()).toMatchObject({ kind: 'cancelled', by: 'peer' });
    await callIsUntouched(trio, call);
  });

  it('cancelled while it rings: its phone stops ringing', async () => {
    const [trio, call] = await start('ring');
    await lab.coach();
    const leg = await trio.supervisor.incoming();
    await lab.cancel();
    expect(await leg.ended()).toMatchObject({ kind: 'cancelled', by: 'peer' });
    expect((await lab.event('supervision.ended')).supervision.state).toMatchObject({ end: { outcome: 'cancelled' } });
    await callIsUntouched(trio, call);
  });

  it('not registered: accepted, armed, and the failure is told', async () => {
    lab = await Lab.start();
    const customer = await lab.phone('customer');
    const agent = await lab.phone('agent', '5001');
    const call = await lab.call({ customer, agent });
    await lab.coach();
    expect((await lab.event('supervision.ended')).supervision.state).toMatchObject({ end: { outcome: 'unreachable' } });
    await call.hangUp();
    await nothingIsLeft(lab);
  });

  it('the customer hangs up while it rings: everybody is released', async () => {
    const [trio, call] = await start('ring');
    await lab.coach();
    const leg = await trio.supervisor.incoming();
    await call.hangUp();
    expect(await leg.ended()).toMatchObject({ kind: 'cancelled', by: 'peer' });
    await nothingIsLeft(lab);
  });
});
