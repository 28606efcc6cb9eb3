import type { Frame } from './frames.ts';
import type { Speaker } from './party.ts';

/** Heard frames that one estimate looks at. */
const window = 40;
/** Less than that says nothing. */
const least = 12;
/** Longest delay looked for, ms. */
const longest = 600;

/** When the speaker's clock stood at position 0, ms: the least late of its packets tells. */
export function epochOf(speaker: Speaker): number {
  let epoch = Infinity;
  for (const { at, position } of speaker.sent) epoch = Math.min(epoch, at - position / 8);
  return epoch;
}

function correlation(x: readonly number[], y: readonly number[]): number {
  const mean = (some: readonly number[]) => some.reduce((sum, each) => sum + each, 0) / some.length;
  const [mx, my] = [mean(x), mean(y)];
  let [xy, xx, yy] = [0, 0, 0];
  for (const [n, value] of x.entries()) {
    const [dx, dy] = [value - mx, (y[n] ?? my) - my];
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  return xx === 0 || yy === 0 ? 0 : xy / Math.sqrt(xx * yy);
}

/**
 * How long the speaker's voice takes to these frames, ms: the delay at which the levels that arrived fit best to the pattern that
 * was said. Undefined when there are too few of them. It is good to 2 ms on a steady path and says nothing beyond 600 ms.
 */
export function delayOf(speaker: Speaker, heard: readonly Frame[]): number | undefined {
  const frames = heard.slice(0, window);
  if (frames.length < least) return undefined;
  const epoch = epochOf(speaker);
  const levels = frames.map((frame) => speaker.voice.levelIn(frame.samples));
  let best = { delay: 0, fit: -Infinity };
  for (let delay = 0; delay <= longest; delay++) {
    const said = frames.map(({ at }) => {
      const position = (at - delay - epoch) / 20;
      const [frame, part] = [Math.floor(position), position - Math.floor(position)];
      return (1 - part) * speaker.voice.nod(frame) + part * speaker.voice.nod(frame + 1);
    });
    const fit = correlation(levels, said);
    if (fit > best.fit) best = { delay, fit };
  }
  return best.delay;
}
