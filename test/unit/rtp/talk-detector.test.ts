import { describe, expect, test } from 'vitest';
import { meanMagnitude, TalkDetector } from '../../../src/embedded/rtp/talk-detector.ts';

const frame = (level: number) => Int16Array.from({ length: 160 }, (_, i) => (i % 2 === 0 ? level : -level));

function detector(threshold: number | undefined) {
  const told: string[] = [];
  const talk = new TalkDetector((talking, energy) => told.push(`${talking ? 'talks' : 'is silent'} ${energy}`));
  talk.watch(threshold);
  let now = 0;
  const hear = (level: number, frames: number): void => {
    for (let i = 0; i < frames; i++) talk.hear(frame(level), (now += 20));
  };
  return { told, talk, hear, later: (ms: number) => talk.poll((now += ms)) };
}

test('the energy of a frame is the mean of its magnitudes', () => {
  expect(meanMagnitude(Int16Array.of(3, -5, 0, 4))).toBe(3);
  expect(meanMagnitude(new Int16Array(0))).toBe(0);
});

describe('talking', () => {
  test('begins at once when much louder than the threshold, after five frames when a little', () => {
    const loud = detector(100);
    loud.hear(600, 1);
    expect(loud.told).toEqual(['talks 600']);
    const soft = detector(100);
    soft.hear(200, 4);
    expect(soft.told).toEqual([]);
    soft.hear(200, 1);
    expect(soft.told).toEqual(['talks 200']);
  });

  test('ends after forty frames below, not before, and not for a pause', () => {
    const { told, hear } = detector(100);
    hear(1000, 1);
    hear(50, 39);
    hear(1000, 1);
    hear(50, 39);
    expect(told).toEqual(['talks 1000']);
    hear(50, 1);
    expect(told).toEqual(['talks 1000', 'is silent 50']);
  });

  test('ends when no packets come for as long', () => {
    const { told, hear, later } = detector(100);
    hear(1000, 1);
    later(780);
    expect(told).toHaveLength(1);
    later(20);
    expect(told).toEqual(['talks 1000', 'is silent 0']);
  });

  test('is not looked for where nobody asks, and begins anew when somebody does', () => {
    const { told, talk, hear } = detector(undefined);
    hear(1000, 50);
    expect(told).toEqual([]);
    talk.watch(0);
    hear(1000, 1);
    talk.watch(0);
    hear(1000, 1);
    expect(told).toEqual(['talks 1000', 'talks 1000']);
  });
});
