import { describe, expect, test } from 'vitest';
import { SourceLatch } from '../../../src/embedded/rtp/source-latch.ts';

const phone = ['192.0.2.1', 4000] as const;
const nat = ['198.51.100.7', 61000] as const;
const stranger = ['203.0.113.66', 9999] as const;
const address = ([host, port]: readonly [string, number]) => ({ address: host, port });

function latchOn(expected: readonly [string, number]): SourceLatch {
  const latch = new SourceLatch();
  latch.expect(address(expected));
  return latch;
}

describe('whose packets count', () => {
  test('the address of the SDP', () => {
    const latch = latchOn(phone);
    expect(latch.remote).toEqual(address(phone));
    expect(latch.accept(...phone, 0)).toBe(true);
  });

  test('behind a NAT: the first that sends, at once, while the address of the SDP is silent', () => {
    const latch = latchOn(phone);
    expect(latch.accept(...nat, 0)).toBe(true);
    expect(latch.remote).toEqual(address(nat));
  });

  test('should the address of the SDP speak after all, it is the one', () => {
    const latch = latchOn(phone);
    latch.accept(...stranger, 0);
    expect(latch.accept(...phone, 20)).toBe(true);
    expect(latch.remote).toEqual(address(phone));
    expect(latch.accept(...stranger, 40)).toBe(false);
  });

  test('nobody gets into a call that goes on', () => {
    const latch = latchOn(phone);
    for (let now = 0; now < 10_000; now += 20) {
      expect(latch.accept(...phone, now)).toBe(true);
      for (let flood = 0; flood < 3; flood++) expect(latch.accept(...stranger, now + flood)).toBe(false);
    }
    expect(latch.remote).toEqual(address(phone));
  });

  test('a phone whose NAT forgot it: the old address quiet for 500 ms, the new one steady', () => {
    const latch = latchOn(nat);
    latch.accept(...nat, 0);
    const moved = ['198.51.100.7', 61001] as const;
    const accepted = Array.from({ length: 40 }, (_, n) => latch.accept(...moved, 20 + n * 20));
    expect(accepted.indexOf(true)).toBe(24 + 4);
    expect(latch.remote).toEqual(address(moved));
  });

  test('a single stray packet into a quiet call changes nothing', () => {
    const latch = latchOn(phone);
    latch.accept(...phone, 0);
    expect(latch.accept(...stranger, 5000)).toBe(false);
    expect(latch.accept(...phone, 5020)).toBe(true);
    expect(latch.remote).toEqual(address(phone));
  });

  test('the SDP moves: the old address counts no more, at once', () => {
    const latch = latchOn(phone);
    latch.accept(...phone, 0);
    const moved = ['192.0.2.9', 5000] as const;
    latch.expect(address(moved));
    expect(latch.remote).toEqual(address(moved));
    expect(latch.accept(...moved, 20)).toBe(true);
    expect(latch.accept(...phone, 40)).toBe(false);
  });

  test('the same SDP again (hold, session timer) keeps the address that was learned', () => {
    const latch = latchOn(phone);
    latch.accept(...nat, 0);
    latch.expect(address(phone));
    expect(latch.remote).toEqual(address(nat));
  });
});
