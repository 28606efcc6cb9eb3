import { expect, test } from 'vitest';
import { SessionRate } from '../../../src/embedded/freeswitch/session-rate.ts';

const at = (limit: number) => {
  const clock = { ms: 0 };
  return { clock, rate: new SessionRate(limit, () => clock.ms) };
};

test('a second gives one session less than its limit, the next one as many again', () => {
  const { clock, rate } = at(3);
  expect([rate.take(), rate.take(), rate.take(), rate.take()]).toEqual([true, true, false, false]);
  expect(rate.left).toBe(0);
  clock.ms = 1000;
  expect(rate.left).toBe(3);
  expect(rate.take()).toBe(true);
});

test('tells of the last second, of the highest ever, and of the highest in five minutes', () => {
  const { clock, rate } = at(10);
  for (let i = 0; i < 4; i++) rate.take();
  clock.ms = 1500;
  rate.take();
  expect([rate.last, rate.peak, rate.recentPeak]).toEqual([4, 4, 4]);
  clock.ms = 2500;
  expect([rate.last, rate.peak, rate.recentPeak]).toEqual([1, 4, 4]);
  clock.ms = 310_000;
  rate.take();
  clock.ms = 311_000;
  expect([rate.last, rate.peak, rate.recentPeak]).toEqual([1, 4, 1]);
  rate.resetPeak();
  expect(rate.peak).toBe(0);
});

test('a new limit holds from the next second on', () => {
  const { clock, rate } = at(2);
  rate.limit = 5;
  expect([rate.limit, rate.left]).toEqual([5, 2]);
  clock.ms = 1000;
  expect(rate.left).toBe(5);
});
