import type { ChannelHandle } from './handle.ts';

/** What an application is given: its channel, its argument, and a signal that asks it to end soon. */
export interface ApplicationContext {
  readonly channel: ChannelHandle;
  readonly argument: string;
  /** Aborted by `uuid_break`, a transfer or the hang-up. */
  readonly signal: AbortSignal;
}

/**
 * How long an application stays. `instant` ones are done at once, also inside a conference; an `occupying` one, such
 * as a playback, takes its time and may be broken off; a `resident` one is where a channel lives while it waits for orders.
 */
export type ApplicationKind = 'instant' | 'occupying' | 'resident';

/** A dialplan application. */
export interface Application {
  readonly kind: ApplicationKind;
  /** @returns what becomes Application-Response; `_none_` when undefined */
  run(context: ApplicationContext): Promise<string | undefined>;
}

/** One line of a dialplan. */
export interface Step {
  readonly application: string;
  readonly argument: string;
  /** Becomes Application-UUID; made up when not given. */
  readonly uuid?: string | undefined;
}

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
