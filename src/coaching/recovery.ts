import { Serial } from './serial.ts';

/** Time, as the core needs it. */
export interface Clock {
  /** Resolves after so many ms. */
  pause(ms: number): Promise<void>;
}

/**
 * ms before each new attempt to get a call into a room again: together long enough for a FreeSWITCH that is started anew at
 * once (3 to 5 s until it takes calls, measured on 1.10.12), short enough for a supervisor that hears nothing meanwhile.
 */
export const PAUSES_MS: readonly number[] = [250, 500, 1000, 2000, 4000];

/** Half to one and a half times as long: those that were refused together do not come back together. */
export const jittered = (ms: number): number => ms * (0.5 + Math.random());

/**
 * ms between two calls that are taken into rooms again. FreeSWITCH 1.10.12 on two cores anchors 40 calls a second and breaks
 * down at 60 (measured): what is left of the fleet gets the calls of a dead server one by one, at half of what it can take.
 */
const APART_MS = 50;

/** Lets those that come in a crowd pass one by one. */
export class Turnstile {
  readonly #clock: Clock;
  readonly #turns = new Serial();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when it is this one's turn: at once where nobody has passed just before. */
  pass(): Promise<void> {
    return new Promise((resolve) => {
      void this.#turns.run(() => {
        resolve();
        return this.#clock.pause(APART_MS);
      });
    });
  }
}
