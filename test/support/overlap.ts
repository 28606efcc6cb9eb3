import type { Frame } from './frames.ts';

/** Two streams that reached one listener at the same time. */
export interface Overlap {
  readonly streams: readonly [string, string];
  readonly from: number;
  readonly to: number;
  /** Frames of both in that time. */
  readonly frames: number;
}

/** A stream that paused for longer than this has begun anew, ms. */
const pause = 100;

interface Run {
  readonly stream: string;
  readonly from: number;
  to: number;
}

function runsOf(frames: readonly Frame[]): Run[] {
  const runs: Run[] = [];
  const open = new Map<string, Run>();
  for (const { at, stream } of frames) {
    const current = open.get(stream);
    if (current !== undefined && at - current.to <= pause) {
      current.to = at;
      continue;
    }
    const run = { stream, from: at, to: at };
    open.set(stream, run);
    runs.push(run);
  }
  return runs;
}

/** Every pair of streams that came in together. A clean switch from one to the other has none. */
export function overlapsOf(frames: readonly Frame[]): Overlap[] {
  const runs = runsOf(frames);
  return runs.flatMap((a, index) =>
    runs.slice(index + 1).flatMap((b) => {
      const [from, to] = [Math.max(a.from, b.from), Math.min(a.to, b.to)];
      if (a.stream === b.stream || from > to) return [];
      const both = frames.filter(
        ({ at, stream }) => at >= from && at <= to && (stream === a.stream || stream === b.stream),
      );
      return [{ streams: [a.stream, b.stream] as const, from, to, frames: both.length }];
    }),
  );
}
