import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Lab, SUPERVISOR } from '../support/lab.ts';
import type { Codec } from '../support/g711.ts';
import { nothingIsLeft } from '../support/leftovers.ts';
import type { Phone } from '../support/phone.ts';

const WIDE = 9;

let lab: Lab;
beforeEach(async () => {
  lab = await Lab.start();
});
afterEach(() => lab.close());

/** What two phones send each other from now on comes from one to the other, in G.722, and is heard. */
async function talkWide(one: Phone, other: Phone): Promise<void> {
  const heard = async (listener: Phone, speaker: Phone) => {
    const since = listener.probe.received.length;
    await listener.probe.hears(speaker.voice, { frames: 10 });
    const latest = listener.probe.received.slice(since).slice(-5);
    const source = `127.0.0.1:${speaker.probe.port}`;
    expect(latest.map((packet) => [packet.source, packet.payloadType])).toEqual(latest.map(() => [source, WIDE]));
  };
  await Promise.all([heard(one, other), heard(other, one)]);
}

/** The direction and formats of every offer that reached a phone in its calls. */
const formatsOffered = (phone: Phone): (string | undefined)[] =>
  phone.calls.flatMap(({ requests }) =>
    requests
      .filter(({ method }) => method === 'INVITE')
      .map(({ body }) => /^m=audio \d+ RTP\/AVP ([\d ]+)/m.exec(body)?.[1]?.trim()),
  );

describe('two phones that talk in G.722', () => {
  it.each<[Codec, Codec]>([
    ['PCMU', 'PCMU'],
    ['PCMU', 'PCMA'],
  ])('and can speak %s and %s are coached in that, and go back to G.722', async (ofCustomer, ofAgent) => {
    const trio = await lab.trio({
      customer: { codecs: ['G722', ofCustomer] },
      agent: { codecs: ['G722', ofAgent], ptime: 30 },
    });
    const { customer, agent, supervisor, oracle } = trio;
    await lab.call(trio);
    await talkWide(customer, agent);

    await lab.coach();
    await agent.probe.hears([supervisor.voice, customer.voice]);
    await supervisor.probe.hears([agent.voice, customer.voice]);
    await customer.probe.hears(agent.voice, { frames: 25 });

    await lab.cancel();
    await lab.event('room.released');
    await talkWide(customer, agent);
    // Into the room and out of it again, once.
    expect(formatsOffered(customer)).toHaveLength(2);
    expect(formatsOffered(agent)).toHaveLength(2);
    oracle.assertNeverHeard('customer', 'supervisor');
  });

  it.each<[string, Codec[], Codec[]]>([
    ["the agent's phone", ['G722', 'PCMU'], ['G722']],
    ["the caller's phone", ['G722'], ['G722', 'PCMU']],
  ])('go on in it where %s cannot be coached, and that is said', async (whose, ofCustomer, ofAgent) => {
    const trio = await lab.trio({ customer: { codecs: ofCustomer }, agent: { codecs: ofAgent } });
    const { customer, agent, supervisor, oracle } = trio;
    const call = await lab.call(trio);
    await lab.coach();
    const { supervision } = await lab.event('supervision.ended');
    expect(supervision.state).toMatchObject({
      end: { outcome: 'failed', code: 'unavailable', message: `${whose} speaks none of PCMU, PCMA` },
    });
    await talkWide(customer, agent);
    // Whoever refused is left alone with what it had; whoever went along is brought back.
    const refusing = ofCustomer.length === 1 ? customer : agent;
    const willing = refusing === agent ? customer : agent;
    expect(formatsOffered(refusing)).toHaveLength(1);
    expect(formatsOffered(willing)).toHaveLength(2);
    expect(lab.app.switchboard.device(SUPERVISOR).monitoring).toBeDefined();
    await (await supervisor.incoming()).ended();
    oracle.assertNeverHeard('customer', 'supervisor');
    await call.hangUp();
    await nothingIsLeft(lab);
  });

  it('go on in it where neither can be coached: no one is asked anything but once', async () => {
    const trio = await lab.trio({ customer: { codecs: ['G722'] }, agent: { codecs: ['G722'] } });
    const { customer, agent, oracle } = trio;
    const call = await lab.call(trio);
    await lab.coach();
    await lab.event('supervision.ended');
    await talkWide(customer, agent);
    expect([formatsOffered(customer), formatsOffered(agent)]).toEqual([['0 8 101'], ['0 8 101']]);
    oracle.assertNeverHeard('customer', 'supervisor');
    await call.hangUp();
    await nothingIsLeft(lab);
  });

  it('are not bothered where the phone of the supervisor is the one that speaks nothing else', async () => {
    const trio = await lab.trio({ supervisor: { codecs: ['G722'] }, agent: { codecs: ['G722', 'PCMU'] } });
    await lab.call(trio);
    await lab.coach();
    const { supervision } = await lab.event('supervision.ended');
    expect(supervision.state).toMatchObject({ end: { outcome: 'unreachable' } });
    expect([formatsOffered(trio.customer), formatsOffered(trio.agent)]).toEqual([[], []]);
  });

  it('may not go back to it while they are coached: the call goes on as it is', async () => {
    const trio = await lab.trio({ customer: { codecs: ['G722', 'PCMU'] }, agent: { codecs: ['G722', 'PCMU'] } });
    const { customer, agent, supervisor } = trio;
    const call = await lab.call(trio);
    await lab.coach();
    await agent.probe.hears(supervisor.voice);
    const { status } = await call.reinvite({ sdp: call.invite.body.replace(/RTP\/AVP .*/, 'RTP/AVP 9') });
    expect(status).toBe(488);
    await agent.probe.hears([supervisor.voice, customer.voice]);
    await customer.probe.hears(agent.voice);
  });
});
