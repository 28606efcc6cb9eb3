import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { soundtrack } from '../../demo/soundtrack.ts';
import type { ReceivedPacket } from '../../support/frames.ts';
import { decode, encode } from '../../support/g711.ts';

/** 20 ms at one level, recognised by it afterwards. */
const level = (value: number): Uint8Array => encode('PCMU', new Int16Array(160).fill(value));
const played = (value: number): number => decode('PCMU', level(value))[0] ?? 0;

const packet = (at: number, timestamp: number, value: number, ssrc = 1): ReceivedPacket => ({
  at,
  source: '127.0.0.1:4000',
  ssrc,
  seq: 0,
  timestamp: timestamp >>> 0,
  marker: false,
  payloadType: 0,
  payload: level(value),
});

/** The level of every 20 ms of a track. */
const levels = (track: Int16Array): number[] =>
  Array.from({ length: track.length / 160 }, (_, n) => track[n * 160] ?? NaN);

describe('a soundtrack', () => {
  it('is as long as the call, with silence where nothing came in', () => {
    const track = soundtrack([packet(1040, 0, 1000), packet(1100, 480, 2000)], 1000, 1140);
    expect(track.length).toBe(140 * 8);
    expect(levels(track)).toEqual([0, 0, played(1000), 0, 0, played(2000), 0]);
  });

  it('has every packet where its timestamp puts it, whatever the jitter', () => {
    const late = fc.array(fc.integer({ min: 0, max: 99 }), { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(late, ([, ...jitter]) => {
        const packets = [0, ...jitter].map((delay, n) => packet(1000 + 20 * n + delay, n * 160, 1000 * (n + 1)));
        expect(levels(soundtrack(packets, 1000, 1100))).toEqual([1000, 2000, 3000, 4000, 5000].map(played));
      }),
    );
  });

  it('is not troubled by a timestamp that wraps', () => {
    const packets = [packet(1000, -160, 1000), packet(1027, 0, 2000), packet(1040, 160, 3000)];
    expect(levels(soundtrack(packets, 1000, 1060))).toEqual([1000, 2000, 3000].map(played));
  });

  it('lets a stream start anew where its timestamps leap', () => {
    const packets = [packet(1000, 0, 1000), packet(1020, 900_000, 2000), packet(1040, 900_160, 3000)];
    expect(levels(soundtrack(packets, 1000, 1060))).toEqual([1000, 2000, 3000].map(played));
  });

  it('is the sum of two streams that come in at once, and does not wrap where that is too loud', () => {
    const two = (value: number) => soundtrack([packet(1000, 0, value, 1), packet(1000, 7777, value, 2)], 1000, 1020);
    expect(levels(two(1000))).toEqual([2 * played(1000)]);
    expect(levels(two(30_000))).toEqual([32_767]);
  });

  it('passes over what lies outside the call and what is no sound', () => {
    const key = { ...packet(1000, 0, 9000), payloadType: 101 };
    const track = soundtrack([key, packet(980, 0, 1000), packet(1000, 160, 2000), packet(1020, 320, 3000)], 1000, 1020);
    expect(levels(track)).toEqual([played(2000)]);
  });
});
