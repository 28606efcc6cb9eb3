/** What is heard where a frame is missing: the last one, to and fro and fading, for 60 ms; then silence. */
import { FRAME_SAMPLES } from './frame.ts';

/** Loudness at the beginning and end of the first, second and third invented frame. */
const FADE = [1, 0.6, 0.25, 0];

export const CONCEALED_FRAMES = FADE.length - 1;

/**
 * Writes the `nth` (0 = first) invented frame in a row after `last`. Played backwards first, it joins the end of
 * `last` without a step in the wave.
 * @returns whether there is anything to hear
 */
export function conceal(last: Int16Array, nth: number, into: Int16Array): boolean {
  const from = FADE[nth];
  const to = FADE[nth + 1];
  if (from === undefined || to === undefined) {
    into.fill(0);
    return false;
  }
  const step = (to - from) / FRAME_SAMPLES;
  for (let i = 0; i < FRAME_SAMPLES; i++) {
    const sample = last[nth % 2 === 0 ? FRAME_SAMPLES - 1 - i : i] ?? 0;
    into[i] = Math.round(sample * (from + step * i));
  }
  return true;
}

/** Samples over which one wave passes into another: 5 ms. */
const CROSSFADE = 40;

/** Lets `into` begin as `before` does and pass into its own wave. */
export function crossfadeFrom(before: Int16Array, into: Int16Array): void {
  for (let i = 0; i < CROSSFADE; i++) {
    const share = (i + 1) / (CROSSFADE + 1);
    into[i] = Math.round((into[i] ?? 0) * share + (before[i] ?? 0) * (1 - share));
  }
}
