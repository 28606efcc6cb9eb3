import type { Mix, PlaySource } from '../../rtp/engine.ts';
import type { Listener, Maintenance } from './maintenance.ts';

interface Item {
  readonly path: string;
  readonly source: PlaySource;
  readonly kind: 'in turn' | 'async';
  readonly to: Listener | undefined;
  readonly stop: AbortController;
}

/**
 * What is played into a conference: one file after the other, to all, or to one member; `async` files at once, on top of
 * the others. Every file is announced when it is taken and told of when it is over, also if it was never heard.
 */
export class Announcer {
  readonly #mix: Promise<Mix>;
  readonly #events: Maintenance;
  readonly #ends = new WeakMap<Item, Promise<void>>();
  #items: readonly Item[] = [];

  constructor(mix: Promise<Mix>, events: Maintenance) {
    this.#mix = mix;
    this.#events = events;
  }

  play(path: string, source: PlaySource, kind: Item['kind'], to?: Listener): void {
    const item: Item = { path, source, kind, to, stop: new AbortController() };
    const before = kind === 'async' ? undefined : this.#lastOf(to);
    this.#items = [...this.#items, item];
    this.#events.playBegins(path, kind === 'async', to);
    this.#ends.set(item, this.#playAfter(item, before === undefined ? undefined : this.#ends.get(before)));
  }

  /** @param which `current`: what is heard now @returns how many were stopped */
  stop(which: 'current' | 'all' | 'async', to?: number): number {
    const chosen = this.#items.filter((item) => {
      if (to !== undefined) return item.to?.id === to;
      if (item.to !== undefined) return false;
      return which === 'all' || (item.kind === 'async') === (which === 'async');
    });
    const stopped = which === 'current' ? chosen.slice(0, 1) : chosen;
    for (const { stop } of stopped) stop.abort();
    return stopped.length;
  }

  async #playAfter(item: Item, before: Promise<void> | undefined): Promise<void> {
    await before;
    const samples = await this.#heard(item);
    this.#items = this.#items.filter((each) => each !== item);
    this.#events.playEnds(item.path, Math.floor(samples / 8), item.kind === 'async', item.to);
  }

  async #heard({ source, to, stop: { signal } }: Item): Promise<number> {
    if (signal.aborted) return 0;
    try {
      const mix = await this.#mix;
      const options = to === undefined ? { signal } : { signal, member: to.channel.media };
      return (await mix.play(source, options)).samples;
    } catch {
      return 0; // a file that cannot be read, or a member that has left
    }
  }

  #lastOf(to: Listener | undefined): Item | undefined {
    return this.#items.filter((item) => item.kind === 'in turn' && item.to?.id === to?.id).at(-1);
  }
}
