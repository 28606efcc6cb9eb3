/**
 * When, within its 20 ms, a listener's frame is made. It should fall just after the packets of those it hears are
 * there: with one of them it waits for nothing, with two for half of their distance at most.
 */
import { FRAME_MS } from './frame.ts';

/** Below so many ms of gain a listener is left alone: every move is jitter for its phone. */
const WORTHWHILE_MS = 2;
/** How far one frame may be moved, ms. */
const STEP_MS = 1;

/** `ms` into 0..20. */
export function phaseOf(ms: number): number {
  const rest = ms % FRAME_MS;
  return rest < 0 ? rest + FRAME_MS : rest;
}

/** The longest any of `ready` (phases, ms) waits for a frame made at `phase`. */
export function longestWait(phase: number, ready: readonly number[]): number {
  return ready.reduce((longest, each) => Math.max(longest, phaseOf(phase - each)), 0);
}

/**
 * The phase at which the longest wait is shortest. It is always that of one of the sources: between two, moving
 * earlier shortens every wait. Stays at `current` unless that gains {@link WORTHWHILE_MS}.
 */
export function choosePhase(current: number, ready: readonly number[]): number {
  let best = phaseOf(current);
  let shortest = longestWait(current, ready) - WORTHWHILE_MS;
  for (const each of ready) {
    const wait = longestWait(each, ready);
    if (wait < shortest) {
      shortest = wait;
      best = phaseOf(each);
    }
  }
  return best;
}

/** What to add to the time of the next frame, at most {@link STEP_MS} either way, to come nearer to `wanted`. */
export function stepTowards(due: number, wanted: number): number {
  const ahead = phaseOf(wanted - due);
  const distance = ahead > FRAME_MS / 2 ? ahead - FRAME_MS : ahead;
  return Math.max(-STEP_MS, Math.min(STEP_MS, distance));
}
