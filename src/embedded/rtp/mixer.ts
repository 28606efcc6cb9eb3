/** The sum of what may be heard. Nothing is ever subtracted: what is not added cannot be heard. */
import { FRAME_SAMPLES } from './frame.ts';

/** Adds `frame` times `gain` to the 32-bit sum. */
export function add(sum: Int32Array, frame: Int16Array, gain: number): void {
  if (gain === 1) {
    for (let i = 0; i < FRAME_SAMPLES; i++) sum[i] = (sum[i] ?? 0) + (frame[i] ?? 0);
  } else {
    for (let i = 0; i < FRAME_SAMPLES; i++) sum[i] = (sum[i] ?? 0) + Math.round((frame[i] ?? 0) * gain);
  }
}

/** Brings the sum times `gain` back to 16 bits, saturating. */
export function saturate(sum: Int32Array, into: Int16Array, gain: number): void {
  for (let i = 0; i < FRAME_SAMPLES; i++) {
    const sample = gain === 1 ? (sum[i] ?? 0) : Math.round((sum[i] ?? 0) * gain);
    into[i] = sample > 32767 ? 32767 : sample < -32768 ? -32768 : sample;
  }
}
