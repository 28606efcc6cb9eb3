import type { SipMessage } from './message.ts';
import type { SipSource } from './transport.ts';

/** What a transaction that has its final answer still does with repetitions. */
export type Absorb = (message: SipMessage, source: SipSource) => void;

interface Entry {
  readonly expires: number;
  readonly absorb: Absorb;
}

/**
 * Answered transactions, kept for the wait states of RFC 3261 (D, I, J, K) and RFC 6026 (L, M). At 300 calls/s there
 * are tens of thousands of them, so each is one small entry, and one timer per duration serves them all:
 * entries of equal duration expire in the order in which they came.
 */
export class Lingering {
  readonly #byDuration = new Map<number, Map<string, Entry>>();
  readonly #timers = new Map<number, NodeJS.Timeout>();

  /** Keeps `absorb` for `duration` ms; 0 is not at all (reliable transports). */
  add(key: string, duration: number, absorb: Absorb): void {
    if (duration <= 0) return;
    let entries = this.#byDuration.get(duration);
    if (entries === undefined) {
      entries = new Map();
      this.#byDuration.set(duration, entries);
    }
    entries.delete(key);
    entries.set(key, { expires: performance.now() + duration, absorb });
    if (!this.#timers.has(duration)) this.#wake(duration, entries, duration);
  }

  find(key: string): Absorb | undefined {
    for (const entries of this.#byDuration.values()) {
      const entry = entries.get(key);
      if (entry !== undefined) return entry.absorb;
    }
    return undefined;
  }

  get size(): number {
    let size = 0;
    for (const entries of this.#byDuration.values()) size += entries.size;
    return size;
  }

  clear(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#byDuration.clear();
  }

  #wake(duration: number, entries: Map<string, Entry>, delay: number): void {
    const timer = setTimeout(() => {
      this.#sweep(duration, entries);
    }, delay);
    timer.unref();
    this.#timers.set(duration, timer);
  }

  #sweep(duration: number, entries: Map<string, Entry>): void {
    const now = performance.now();
    this.#timers.delete(duration);
    for (const [key, entry] of entries) {
      if (entry.expires > now) {
        // At most one sweep per tenth of the duration: nobody minds lingering a little longer.
        this.#wake(duration, entries, Math.max(entry.expires - now, duration / 10));
        return;
      }
      entries.delete(key);
    }
  }
}
