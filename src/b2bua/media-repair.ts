import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../log.ts';

/** How long a phone is left in peace after it refused, in ms: doubled each time. Most refusals (491, 500) pass in a moment. */
const PAUSE = { first: 500, longest: 32_000 };

/** Pauses between the attempts to do what a phone refused, in ms, without an end. */
export function* pauses(): Generator<number, never> {
  for (let ms = PAUSE.first; ; ms = Math.min(ms * 2, PAUSE.longest)) yield ms;
}

/**
 * Repeats a failed change of media until it succeeds or is `superseded`: the call is over, or something newer was decided. Nobody else would
 * try again, and a call whose parties do not hear each other is lost. Never rejects.
 */
export async function repair(attempt: () => Promise<void>, superseded: AbortSignal, log: Logger): Promise<void> {
  for (const ms of pauses()) {
    if (!(await passed(ms, superseded))) return;
    try {
      await attempt();
      log.info('the parties are connected directly at last');
      return;
    } catch (error) {
      if (superseded.aborted) return;
      log.warn({ err: error }, 'the parties are still not connected directly');
    }
  }
}

/** Whether the time has passed before the signal came. */
async function passed(ms: number, signal: AbortSignal): Promise<boolean> {
  return delay(ms, undefined, { signal, ref: false }).then(
    () => true,
    () => false, // The signal is the only reason for a delay to fail.
  );
}
