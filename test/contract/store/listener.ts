import type { Json } from '../../../src/coaching/ports.ts';
import type { TakenStep } from '../../../src/coaching/shared.ts';
import type { Store } from '../../../src/store/store.ts';
import { Watch } from '../../support/watch.ts';

/** One of several instances, and everything it is told. */
export class Listener {
  readonly store: Store;
  readonly steps: TakenStep[] = [];
  readonly registrations = new Map<string, unknown>();
  readonly calls = new Map<string, unknown>();
  readonly lost: string[] = [];
  readonly returned: string[] = [];
  readonly abandoned = new Map<string, Json>();
  readonly notices: unknown[] = [];
  reunions = 0;
  readonly #watch = new Watch();

  constructor(store: Store) {
    this.store = store;
    const heard = () => this.#watch.touch();
    store.monitorings.follow((step) => {
      this.steps.push(step);
      heard();
    });
    const into = (map: Map<string, unknown>) => (key: string, value: unknown) => {
      if (value === undefined) map.delete(key);
      else map.set(key, value);
      heard();
    };
    store.registrations.follow(into(this.registrations));
    store.calls.follow(into(this.calls));
    store.bulletin.follow((notice) => {
      this.notices.push(notice);
      heard();
    });
    store.siblings.follow({
      lost: (id) => {
        this.lost.push(id);
        heard();
        return Promise.resolve();
      },
      returned: (id) => {
        this.returned.push(id);
        heard();
      },
      reunited: () => {
        this.reunions++;
        heard();
      },
    });
    store.records.onAbandoned((key, record) => {
      this.abandoned.set(key, record);
      heard();
    });
  }

  until(what: string, condition: () => boolean): Promise<true> {
    return this.#watch.until(
      what,
      () => (condition() ? true : undefined),
      () => 'it is not so',
    );
  }
}
