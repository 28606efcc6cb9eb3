import type { Call } from '../coaching/call.ts';
import type { SupervisionId } from '../coaching/monitoring.ts';
import type { Supervision } from '../coaching/supervision.ts';

/** The calls of supervisions, from their beginning until their end is told: by then the call itself may be forgotten. */
export class SupervisedCalls {
  readonly #calls = new Map<SupervisionId, Call>();

  remember({ id }: Supervision, call: Call | undefined): void {
    if (call !== undefined) this.#calls.set(id, call);
  }

  get(id: SupervisionId): Call | undefined {
    return this.#calls.get(id);
  }

  forget({ id }: Supervision): void {
    this.#calls.delete(id);
  }
}
