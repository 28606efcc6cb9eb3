import type { InstanceId } from '../coaching/instance.ts';
import type { Bulletin, SiblingListener, Siblings } from '../coaching/shared.ts';

/** An instance that shares with nobody; it may have had a predecessor. */
export class LoneInstance implements Siblings {
  readonly self: InstanceId = crypto.randomUUID();
  readonly #predecessor: InstanceId | undefined;

  constructor(predecessor?: InstanceId) {
    this.#predecessor = predecessor;
  }

  follow(listener: SiblingListener): void {
    if (this.#predecessor !== undefined) void listener.lost(this.#predecessor);
  }
}

/** There is nobody to read it. */
export const NO_READERS: Bulletin = { post: () => undefined, follow: () => undefined };
