import { afterEach, describe, expect, it } from 'vitest';
import { impaired } from '../../support/impairment.ts';
import { Oracle } from '../../support/oracle.ts';
import { type ProbeOptions, RtpProbe } from '../../support/probe.ts';
import { tone } from '../../support/tone.ts';

const [customer, agent] = [tone('customer'), tone('agent')];
const open: RtpProbe[] = [];
async function probe(options: Partial<ProbeOptions> & Pick<ProbeOptions, 'name' | 'voice'>): Promise<RtpProbe> {
  const made = await RtpProbe.open(options);
  open.push(made);
  return made;
}
async function pair(options: Partial<ProbeOptions> = {}): Promise<[RtpProbe, RtpProbe]> {
  const both: [RtpProbe, RtpProbe] = [
    await probe({ name: 'customer', voice: customer, ...options }),
    await probe({ name: 'agent', voice: agent }),
  ];
  both[0].sendTo(both[1]);
  both[1].sendTo(both[0]);
  return both;
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

describe('two probes', () => {
  it.each(['PCMU', 'PCMA'] as const)('hear each other, and never themselves, in %s', async (codec) => {
    const [one, other] = await pair({ codec });
    await Promise.all([one.hears(agent, { frames: 10 }), other.hears(customer, { frames: 10 })]);
    const oracle = new Oracle([one, other], [one, other]);
    expect(oracle.table()).toEqual({
      customer: { customer: false, agent: true },
      agent: { customer: true, agent: false },
    });
  });

  it('lose nothing on a clean path, at any length of packets', async () => {
    for (const ptime of [10, 20, 30, 60]) {
      const [one, other] = await pair({ ptime });
      await other.hears(customer, { frames: 100 });
      const time = (share: number) => one.sent[Math.floor(one.sent.length * share)]?.at ?? 0;
      expect(new Oracle([other], [one]).lost('agent', 'customer', time(0.4), time(0.6)), `${ptime} ms`).toMatchObject({
        lost: 0,
      });
    }
  });

  it('stop hearing who pauses or speaks elsewhere', async () => {
    const [one, other] = await pair();
    await other.hears(customer);
    one.pause();
    await other.receivesNothingFor(100);
    one.resume();
    await other.hears(customer);
    other.sendTo(undefined);
    await one.receivesNothingFor(100);
    await one.move();
    other.sendTo(one);
    await Promise.all([one.hears(agent), other.hears(customer)]);
    expect(new Set(other.received.map(({ source }) => source)).size).toBe(2);
  });

  it('press keys', async () => {
    const [one, other] = await pair();
    await Promise.all([one.sendDigits('15#'), other.receivesDigits('15#')]);
    await other.hears(customer);
    expect(other.digits).toBe('15#');
  });

  it('say who waited for what, and end what waits when they are closed', async () => {
    const [one, other] = await pair();
    await expect(other.hears(tone('supervisor'), { within: 200 })).rejects.toThrow(
      /200 ms for agent to hear 3 frames of supervisor; instead: \d+ frames/,
    );
    const waiting = expect(other.hears(tone('supervisor'))).rejects.toThrow('the probe of agent was closed');
    await Promise.all([other.close(), other.close(), waiting, one.close()]);
  });
});

describe('a bad network', () => {
  it('loses, copies and delays by its seed', () => {
    const fates = (seed: number) => {
      const next = impaired({ loss: 0.1, duplicate: 0.1, jitterMs: 60, seed });
      return Array.from({ length: 1000 }, next);
    };
    expect(fates(3)).toEqual(fates(3));
    expect(fates(3)).not.toEqual(fates(4));
    const lost = fates(3).filter((fate) => fate.length === 0).length;
    expect(lost).toBeGreaterThan(50);
    expect(lost).toBeLessThan(200);
    expect(
      fates(3)
        .flat()
        .every((delay) => delay >= 0 && delay < 60),
    ).toBe(true);
  });

  it('is seen by the oracle', async () => {
    const [one, other] = await pair({ impairment: { loss: 0.2, duplicate: 0.2, reorder: 0.2, seed: 7 } });
    await other.receives(100);
    const seqs = other.received.map(({ seq }) => seq);
    expect(new Set(seqs).size).toBeLessThan(seqs.length);
    expect(seqs.some((seq, n) => n > 0 && seq < (seqs[n - 1] ?? 0))).toBe(true);
    expect(one.sent.length).toBeGreaterThan(new Set(seqs).size);
  });
});
