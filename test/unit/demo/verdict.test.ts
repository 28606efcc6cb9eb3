import { describe, expect, it } from 'vitest';
import { brokenPromises, judge } from '../../demo/verdict.ts';
import { begun, callOnPaper, type Ears, ears } from './call-on-paper.ts';

const promisesBrokenBy = (hears: Ears): string[] => {
  const recording = callOnPaper({ hears });
  return brokenPromises(recording, judge(recording));
};

describe('the verdict', () => {
  it('on a call as it should be says who heard whom, and no promise is broken', () => {
    const recording = callOnPaper();
    const verdict = judge(recording);
    expect(verdict).toEqual({
      joinMs: 60,
      gapFrames: { customer: 0, agent: 0 },
      heard: {
        customer: { agent: true, supervisor: false },
        agent: { customer: true, supervisor: true },
        supervisor: { customer: true, agent: true },
      },
      leakedFrames: 0,
    });
    expect(brokenPromises(recording, verdict)).toEqual([]);
  });

  it('counts every frame of the supervisor that the customer heard, whenever it was', () => {
    const leak: Ears = (listener, speaker, at) =>
      ears(listener, speaker, at) ||
      (listener === 'customer' && speaker === 'supervisor' && (at === 500 || (at >= 4000 && at < 4060)));
    const recording = callOnPaper({ hears: leak });
    const verdict = judge(recording);
    expect(verdict.leakedFrames).toBe(4);
    expect(verdict.heard.customer).toEqual({ agent: true, supervisor: true });
    expect(brokenPromises(recording, verdict)).toEqual(['the customer heard the supervisor in 4 frames']);
  });

  it.each<[string, Ears, string[]]>([
    [
      'the agent hears one frame of the supervisor, and no more',
      (listener, speaker, at) =>
        ears(listener, speaker, at) && !(listener === 'agent' && speaker === 'supervisor' && at !== 2100),
      ['the agent did not hear the supervisor'],
    ],
    [
      'the supervisor hears the agent alone',
      (listener, speaker, at) => ears(listener, speaker, at) && !(listener === 'supervisor' && speaker === 'customer'),
      ['the supervisor did not hear both parties'],
    ],
    [
      'the parties are apart after the release',
      (listener, speaker, at) => ears(listener, speaker, at) && !(listener === 'customer' && at >= 4200),
      ['customer and agent did not hear each other after the supervisor had left'],
    ],
    [
      'the agent never hears the customer',
      (listener, speaker, at) => ears(listener, speaker, at) && !(listener === 'agent' && speaker === 'customer'),
      [
        'customer and agent did not hear each other',
        'customer and agent did not hear each other after the supervisor had left',
      ],
    ],
  ])('says what is broken when %s', (_, hears, broken) => {
    expect(promisesBrokenBy(hears)).toEqual(broken);
  });

  it('counts the frames of the other party that were lost on the way in and on the way out, not those far from both', () => {
    const torn: Ears = (listener, speaker, at) => {
      const lost = listener === 'customer' ? [2000, 2020, 4100] : listener === 'agent' ? [4080] : [];
      // Far from both changes.
      return ears(listener, speaker, at) && ![...lost, 400, 5900].includes(at);
    };
    expect(judge(callOnPaper({ hears: torn })).gapFrames).toEqual({ customer: 3, agent: 1 });
  });

  it('on a call that failed before Coach has no numbers, and breaks promises', () => {
    const failure = 'customer: the call ended: 503';
    const recording = callOnPaper({
      failure,
      moments: { begun, ended: begun + 6000 },
      hears: () => false,
    });
    const verdict = judge(recording);
    expect(verdict).toMatchObject({ joinMs: null, gapFrames: { customer: null, agent: null }, leakedFrames: 0 });
    expect(verdict.heard.agent).toEqual({ customer: false, supervisor: false });
    expect(brokenPromises(recording, verdict)).toContain(`the call did not come to its planned end: ${failure}`);
  });
});
