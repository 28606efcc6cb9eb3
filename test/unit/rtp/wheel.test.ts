import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Ticking, Wheel } from '../../../src/embedded/rtp/wheel.ts';

const errors: unknown[] = [];
let wheel: Wheel;
/** Time that passed while no timer could fire, ms. */
let stalled = 0;
const now = (): number => performance.now() + stalled;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  errors.length = 0;
  stalled = 0;
  wheel = new Wheel((error) => errors.push(error), now);
});

afterEach(() => {
  wheel.close();
  vi.useRealTimers();
});

/** Keeps when it was due and how late it was. */
function clock(step: () => number = () => 0): Ticking & { due: number[]; at: number[]; skipped: number } {
  return {
    due: [],
    at: [],
    skipped: 0,
    tick(due, skipped) {
      this.due.push(due);
      this.at.push(now());
      this.skipped += skipped;
      return step();
    },
  };
}

describe('the wheel', () => {
  test('ticks every 20 ms from the time it is told, each at its own phase, never more than a millisecond off', () => {
    const start = now();
    const clocks = [0, 3.7, 7.2, 18.4].map((phase) => ({ phase, clock: clock() }));
    for (const each of clocks) wheel.start(each.clock, start + each.phase);
    vi.advanceTimersByTime(999);
    for (const { phase, clock } of clocks) {
      expect(clock.due).toHaveLength(50);
      clock.due.forEach((due, n) => expect(due).toBeCloseTo(start + phase + n * 20, 6));
      clock.at.forEach((at, n) => expect(Math.abs(at - (clock.due[n] ?? NaN))).toBeLessThanOrEqual(1));
    }
    expect(wheel.lateTicks).toBe(0);
  });

  test('follows the steps a listener asks for', () => {
    const start = now();
    const slow = clock(() => 0.5);
    wheel.start(slow, start);
    vi.advanceTimersByTime(204);
    expect(slow.due.map((due) => due - start)).toEqual(
      [0, 20.5, 41, 61.5, 82, 102.5, 123, 143.5, 164, 184.5].map((ms) => expect.closeTo(ms, 6) as number),
    );
  });

  test('a short stall is caught up with, a long one leaves frames out and keeps the phase', () => {
    const start = now();
    const each = clock();
    wheel.start(each, start + 1);
    vi.advanceTimersByTime(2);
    stalled += 45;
    vi.advanceTimersByTime(40);
    expect(each.due.map((due) => Math.round(due - start))).toEqual([1, 21, 41, 61, 81]);
    expect(each.skipped).toBe(0);
    stalled += 1000;
    vi.advanceTimersByTime(40);
    expect(each.skipped).toBeGreaterThanOrEqual(49);
    expect(each.due.length).toBeLessThanOrEqual(5 + 4);
    for (const due of each.due) expect((due - start - 1) % 20).toBeCloseTo(0, 6);
    expect(wheel.skippedTicks).toBe(each.skipped);
    expect(wheel.lateTicks).toBeGreaterThanOrEqual(2);
  });

  test('what is stopped ticks no more, also from within a tick; the wheel then sets no timer', () => {
    const each = clock();
    const quitter: Ticking = {
      tick: () => {
        wheel.stop(quitter);
        wheel.stop(each);
        return 0;
      },
    };
    wheel.start(each, now() + 5);
    wheel.start(quitter, now() + 50);
    vi.advanceTimersByTime(500);
    expect(each.due).toHaveLength(3);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('one that throws is told of once and hurts nobody', () => {
    const each = clock();
    const broken: Ticking = {
      tick: () => {
        throw new Error('broken');
      },
    };
    wheel.start(broken, now());
    wheel.start(each, now());
    vi.advanceTimersByTime(200);
    expect(each.due.length).toBeGreaterThanOrEqual(10);
    expect(errors).toEqual([new Error('broken')]);
  });
});
