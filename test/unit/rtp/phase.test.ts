import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { choosePhase, longestWait, phaseOf, stepTowards } from '../../../src/embedded/rtp/phase.ts';

const phase = fc.double({ min: 0, max: 19.99, noNaN: true });

describe("a listener's phase", () => {
  test('with one source there is nothing to wait for', () => {
    fc.assert(
      fc.property(phase, phase, (current, ready) => {
        expect(longestWait(choosePhase(current, [ready]), [ready])).toBeLessThan(2.001);
      }),
    );
  });

  test('with two nobody waits for more than half a frame, give or take what is not worth a move', () => {
    fc.assert(
      fc.property(phase, phase, phase, (current, a, b) => {
        expect(longestWait(choosePhase(current, [a, b]), [a, b])).toBeLessThanOrEqual(12.001);
      }),
    );
  });

  test('moving never makes the longest wait longer, and once there it stays', () => {
    fc.assert(
      fc.property(phase, fc.array(phase, { minLength: 1, maxLength: 5 }), (current, ready) => {
        const chosen = choosePhase(current, ready);
        expect(longestWait(chosen, ready)).toBeLessThanOrEqual(longestWait(current, ready));
        expect(choosePhase(chosen, ready)).toBe(phaseOf(chosen));
      }),
    );
  });

  test('is reached in steps of at most 1 ms, the short way round', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e7, noNaN: true }), phase, (start, wanted) => {
        let due = start;
        for (let frame = 0; frame < 11; frame++) {
          const step = stepTowards(due, wanted);
          expect(Math.abs(step)).toBeLessThanOrEqual(1);
          due += 20 + step;
        }
        expect(Math.abs(stepTowards(due, wanted))).toBeLessThan(1e-6);
      }),
    );
  });
});
