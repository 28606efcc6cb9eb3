import { expect, test } from 'vitest';
import { conceal, crossfadeFrom } from '../../../src/embedded/rtp/concealment.ts';

const frame = Int16Array.from({ length: 160 }, (_, i) => Math.round(10_000 * Math.sin((2 * Math.PI * 300 * i) / 8000)));
const loudness = (samples: Int16Array): number => Math.hypot(...samples);

test('three frames fade out, joining the wave without a step, and then there is silence', () => {
  const invented = new Int16Array(160);
  let previous = frame.slice();
  for (let nth = 0; nth < 3; nth++) {
    expect(conceal(frame, nth, invented)).toBe(true);
    expect(Math.abs((invented[0] ?? NaN) - (previous.at(-1) ?? NaN))).toBeLessThan(1000);
    expect(loudness(invented)).toBeLessThan(loudness(previous));
    previous = invented.slice();
  }
  expect(conceal(frame, 3, invented)).toBe(false);
  expect(loudness(invented)).toBe(0);
});

test('a crossfade begins as the one and is the other after 5 ms', () => {
  const into = new Int16Array(160).fill(100);
  crossfadeFrom(new Int16Array(160).fill(-100), into);
  expect(into[0]).toBeLessThan(-90);
  expect(into[39]).toBeGreaterThan(90);
  expect(into.subarray(40).every((sample) => sample === 100)).toBe(true);
});
