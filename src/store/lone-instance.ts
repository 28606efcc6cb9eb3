import type { InstanceId } from '../coaching/instance.ts';
import type { Bulletin, SiblingListener, Siblings } from '../coaching/shared.ts';

/** An instance that shares with nobody. One process at a time has its store: whoever else is spoken of there is gone. */
export class LoneInstance implements Siblings {
  readonly self: InstanceId = crypto.randomUUID();
  readonly #gone: ReadonlySet<InstanceId>;
  readonly #forget: (instanceId: InstanceId) => void;
  readonly #listeners: SiblingListener[] = [];

  /** `gone` have left something behind; `forget` is told of whom nothing is left outside of the store. */
  constructor(gone: Iterable<InstanceId> = [], forget: (instanceId: InstanceId) => void = () => undefined) {
    this.#gone = new Set(gone);
    this.#forget = forget;
  }

  follow(listener: SiblingListener): void {
    this.#listeners.push(listener);
    for (const id of this.#gone) void listener.lost(id);
  }

  cleared(instanceId: InstanceId): void {
    this.#forget(instanceId);
  }

  /** The store is back. What these have left behind could not be settled meanwhile. */
  reunited(unsettled: Iterable<InstanceId>): void {
    const gone = [...new Set(unsettled)].filter((id) => id !== this.self);
    for (const listener of this.#listeners) {
      for (const id of gone) void listener.lost(id);
      listener.reunited();
    }
  }
}

/** There is nobody to read it. */
export const NO_READERS: Bulletin = { post: () => undefined, follow: () => undefined };
