import type { InstanceId } from '../../coaching/instance.ts';

/** The tables that everyone has a copy of. */
export const TABLES = ['subscriptions', 'registrations', 'calls'] as const;
export type TableName = (typeof TABLES)[number];

/** What the keys in Redis are called. */
export class Keys {
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  table(name: TableName): string {
    return this.#prefix + name;
  }

  /** The number of the last change. */
  get seq(): string {
    return `${this.#prefix}seq`;
  }

  /** Names what the server has kept since it was empty. */
  get epoch(): string {
    return `${this.#prefix}epoch`;
  }

  /** What nonces are sealed with. */
  get secret(): string {
    return `${this.#prefix}secret`;
  }

  get instances(): string {
    return `${this.#prefix}instances`;
  }

  /** What stands before the id of an instance in a key that is there while the instance is. */
  get alivePrefix(): string {
    return `${this.#prefix}alive:`;
  }

  alive(instanceId: InstanceId): string {
    return this.alivePrefix + instanceId;
  }

  /** Who settles what an instance has left behind. */
  heir(instanceId: InstanceId): string {
    return `${this.#prefix}heir:${instanceId}`;
  }

  records(instanceId: InstanceId): string {
    return `${this.#prefix}records:${instanceId}`;
  }

  /** The channel of all changes. */
  get changes(): string {
    return `${this.#prefix}changes`;
  }

  /** The channel of words between instances. */
  get bulletin(): string {
    return `${this.#prefix}bulletin`;
  }
}
