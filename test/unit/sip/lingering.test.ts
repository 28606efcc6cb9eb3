import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Lingering } from '../../../src/embedded/sip/lingering.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const nothing = (): void => undefined;

test('entries of each duration are found until their time is over, and then gone', () => {
  const lingering = new Lingering();
  lingering.add('short', 100, nothing);
  lingering.add('long', 1000, nothing);
  vi.advanceTimersByTime(99);
  expect(lingering.find('short')).toBe(nothing);
  vi.advanceTimersByTime(20);
  expect(lingering.find('short')).toBeUndefined();
  expect(lingering.find('long')).toBe(nothing);
  vi.advanceTimersByTime(1000);
  expect(lingering.size).toBe(0);
});

test('one timer serves thousands', () => {
  const lingering = new Lingering();
  for (let n = 0; n < 5000; n += 1) lingering.add(String(n), 100, nothing);
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(200);
  expect([lingering.size, vi.getTimerCount()]).toEqual([0, 0]);
});

test('nothing lingers for no time, nothing after clear', () => {
  const lingering = new Lingering();
  lingering.add('reliable', 0, nothing);
  lingering.add('unreliable', 100, nothing);
  expect(lingering.size).toBe(1);
  lingering.clear();
  expect([lingering.size, vi.getTimerCount()]).toEqual([0, 0]);
});
