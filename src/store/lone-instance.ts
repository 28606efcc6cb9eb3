import type { InstanceId } from '../coaching/instance.ts';
import type { Bulletin, SiblingListener, Siblings } from '../coaching/shared.ts';

/** An instance that shares with nobody, after others that are gone. */
export class LoneInstance implements Siblings {
  readonly self: InstanceId = crypto.randomUUID();
  readonly #gone: () => readonly InstanceId[];
  readonly #forget: (instanceId: InstanceId) => void;
  readonly #listeners: SiblingListener[] = [];

  /** `gone` says who has left something behind; `forget` is told of whom nothing is left outside of the store. */
  constructor(
    gone: () => readonly InstanceId[] = () => [],
    forget: (instanceId: InstanceId) => void = () => undefined,
  ) {
    this.#gone = gone;
    this.#forget = forget;
  }

  follow(listener: SiblingListener): void {
    this.#listeners.push(listener);
    for (const id of this.#gone()) void listener.lost(id);
  }

  cleared(instanceId: InstanceId): void {
    this.#forget(instanceId);
  }
}

/** There is nobody to read it. */
export const NO_READERS: Bulletin = { post: () => undefined, follow: () => undefined };
