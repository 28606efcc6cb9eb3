import { describe, expect, it } from 'vitest';
import { whoHeardWhom } from '../../demo/table.ts';
import { callOnPaper, ears } from './call-on-paper.ts';

describe('the table of who heard whom', () => {
  it('has seconds of sound, and says never where there was none', () => {
    expect(whoHeardWhom(callOnPaper().oracle)).toEqual([
      'who heard     customer    agent    supervisor',
      'customer             ·    5.9 s         never',
      'agent            5.9 s        ·         1.9 s',
      'supervisor       1.9 s    1.9 s             ·',
    ]);
  });

  it('says how many frames it were, where it were few', () => {
    const { oracle } = callOnPaper({
      hears: (listener, speaker, at) =>
        ears(listener, speaker, at) || (listener === 'customer' && speaker === 'supervisor' && at < 40),
    });
    expect(whoHeardWhom(oracle)[1]).toMatch(/ 2 frames$/);
  });
});
