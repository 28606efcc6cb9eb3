import type { Channel } from './channel/channel.ts';

/** The channels there are, and the counts that `status` and HEARTBEAT tell. */
export class Channels {
  readonly #byUuid = new Map<string, Channel>();
  #begun = 0;
  #peak = 0;

  add(channel: Channel): void {
    this.#byUuid.set(channel.uuid, channel);
    this.#begun++;
    this.#peak = Math.max(this.#peak, this.#byUuid.size);
    channel.onEnded(() => void this.#byUuid.delete(channel.uuid));
  }

  get(uuid: string): Channel | undefined {
    return this.#byUuid.get(uuid);
  }

  all(): readonly Channel[] {
    return [...this.#byUuid.values()];
  }

  get count(): number {
    return this.#byUuid.size;
  }

  /** Since the start. */
  get begun(): number {
    return this.#begun;
  }

  get peak(): number {
    return this.#peak;
  }
}
