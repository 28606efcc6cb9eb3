import { EarpieceError, RefusedByPhone } from './errors.ts';
import type { LiveCall } from './live-call.ts';
import type { Events } from './ports.ts';
import { type Clock, jittered, PAUSES_MS, type Turnstile } from './recovery.ts';

export interface AnchoragePorts {
  readonly events: Events;
  readonly clock: Clock;
}

/** Keeps calls in a room for as long as they last, where the policy wants that: also when a room is lost under them. */
export class Anchorage {
  readonly #ports: AnchoragePorts;
  readonly #turnstile: Turnstile;
  readonly #returning = new Set<LiveCall>();
  /** Calls with a phone that does not go into a room: it is not asked again and again. */
  readonly #refused = new WeakSet<LiveCall>();

  constructor(ports: AnchoragePorts, turnstile: Turnstile) {
    this.#ports = ports;
    this.#turnstile = turnstile;
  }

  /** Anchors a call from its beginning: one attempt, so that its two are not moved in the middle of their first words. */
  async take(live: LiveCall): Promise<void> {
    await live.anchor().catch((error: unknown) => {
      if (!this.#returning.has(live)) this.#unanchored(live, error);
    });
  }

  /** Anchors a call again that talks directly because there was no room for it; gives up after a while, and when a phone refuses. */
  async takeAgain(live: LiveCall): Promise<void> {
    if (this.#returning.has(live) || this.#refused.has(live)) return;
    this.#returning.add(live);
    const failure = await this.#persist(live);
    this.#returning.delete(live);
    if (failure !== undefined) this.#unanchored(live, failure);
  }

  async #persist(live: LiveCall): Promise<unknown> {
    for (let failures = 0; ; failures++) {
      await this.#turnstile.pass();
      if (live.ended) return undefined;
      const failure = await live.anchor().then(
        () => undefined,
        (error: unknown) => EarpieceError.from(error),
      );
      const pauseMs = PAUSES_MS[failures];
      if (failure === undefined || pauseMs === undefined || failure instanceof RefusedByPhone) return failure;
      await this.#ports.clock.pause(jittered(pauseMs));
    }
  }

  #unanchored(live: LiveCall, error: unknown): void {
    const { call, ended } = live;
    if (ended) return;
    if (error instanceof RefusedByPhone) this.#refused.add(live);
    this.#ports.events.publish({ type: 'call.unanchored', call, reason: EarpieceError.from(error).message });
  }
}
