import type { DeviceId } from '../coaching/device.ts';
import type { SharedMap } from '../coaching/shared.ts';
import type { Binding } from './bindings.ts';

/** How long an expired binding stays in the store, ms: whoever has just heard that it was renewed must not be overruled. */
const GRACE_MS = 30_000;

/** The bindings as all instances see them, each under the device and its contact: two phones never overwrite each other. */
export class SharedBindings {
  readonly #shared: SharedMap<unknown>;
  readonly #removals = new Set<NodeJS.Timeout>();

  constructor(shared: SharedMap<unknown>) {
    this.#shared = shared;
  }

  /** `told` hears of what is stored and of every change, one's own as well. */
  follow(told: (deviceId: DeviceId, uri: string, binding: Binding | undefined) => void): void {
    this.#shared.follow((key, value) => {
      const [deviceId = '', uri = ''] = key.split(' ', 2);
      told(deviceId, uri, isBinding(value) ? value : undefined);
    });
  }

  /**
   * Stores what a REGISTER has changed at `at`, in milliseconds since the epoch. It overrules what was known here, also when the clock of whoever
   * stored that is ahead, but not what has been registered elsewhere since, when it is only written now.
   */
  changed(deviceId: DeviceId, before: readonly Binding[], now: readonly Binding[], at: number): void {
    for (const { uri, registeredAt } of before) {
      if (now.some((each) => each.uri === uri)) continue;
      this.#shared.remove(keyOf(deviceId, uri), Math.max(at, registeredAt));
    }
    for (const binding of now) {
      if (before.includes(binding)) continue;
      const known = before.find(({ uri }) => uri === binding.uri)?.registeredAt ?? 0;
      this.#shared.put(keyOf(deviceId, binding.uri), binding, Math.max(binding.registeredAt, known));
    }
  }

  /** Takes an expired binding out of the store, unless `renewed` by then, here or where it was not heard of. */
  expired(deviceId: DeviceId, { uri, registeredAt }: Binding, renewed: () => boolean): void {
    const removal = setTimeout(() => {
      this.#removals.delete(removal);
      if (!renewed()) this.#shared.remove(keyOf(deviceId, uri), registeredAt);
    }, GRACE_MS).unref();
    this.#removals.add(removal);
  }

  close(): void {
    for (const removal of this.#removals) clearTimeout(removal);
  }
}

/** Neither has a space in it. */
const keyOf = (deviceId: DeviceId, uri: string): string => `${deviceId} ${uri}`;

/** What a store has kept may be of another version. */
function isBinding(value: unknown): value is Binding {
  const fields: Partial<Record<keyof Binding, string>> = {
    uri: 'string',
    expiresAt: 'number',
    callId: 'string',
    cseq: 'number',
    registeredAt: 'number',
  };
  if (typeof value !== 'object' || value === null) return false;
  const found = new Map<string, unknown>(Object.entries(value));
  return Object.entries(fields).every(([field, type]) => typeof found.get(field) === type);
}
