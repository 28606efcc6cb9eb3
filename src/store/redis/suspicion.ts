import type { InstanceId } from '../../coaching/instance.ts';
import type { Sign } from './sibling-probe.ts';

export interface Patience {
  /** How often somebody that says nothing is asked, at least, and for how long, ms. */
  readonly tries: number;
  readonly patienceMs: number;
}

/** `alive`: it only cannot reach the store. `gone`: what it has left behind may be settled. `unknown`: ask again. */
export type Verdict = 'alive' | 'gone' | 'unknown';

/** Those whose heartbeat is missing, and what was found where they should be. */
export class Suspicions {
  readonly #patience: Patience;
  readonly #silent = new Map<InstanceId, { readonly since: number; readonly tries: number }>();

  constructor(patience: Patience) {
    this.#patience = patience;
  }

  /** `now` in ms, on a clock that never goes back. */
  judge(id: InstanceId, sign: Sign, now: number): Verdict {
    if (sign !== 'silent') {
      this.#silent.delete(id);
      return sign === 'alive' ? 'alive' : 'gone';
    }
    const { since, tries } = this.#silent.get(id) ?? { since: now, tries: 0 };
    this.#silent.set(id, { since, tries: tries + 1 });
    return tries + 1 >= this.#patience.tries && now - since >= this.#patience.patienceMs ? 'gone' : 'unknown';
  }

  /** Its heartbeat is there. */
  clear(id: InstanceId): void {
    this.#silent.delete(id);
  }
}
