import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** How many nonces in use are remembered; beyond that the oldest ones are retired. */
const MOST_NONCES = 10_000;

/**
 * Nonces that prove when we made them (RFC 7616 5.4): time, random and an HMAC over both. Nothing is kept of those that are
 * never used; of the others the highest count, so that no request can be played twice (5.12).
 */
export class Nonces {
  readonly #key: () => Buffer;
  readonly #lifetimeMs: number;
  readonly #counts = new Map<string, number>();
  /** Counts of nonces made until then have been forgotten: those are not accepted any more. */
  #retiredUntil = 0;

  /**
   * Whoever shares the key accepts these nonces too. The counts are not shared: a request that one has accepted could be played to another,
   * within the life of its nonce.
   */
  constructor(lifetimeMs: number, key: () => Buffer) {
    this.#key = key;
    this.#lifetimeMs = lifetimeMs;
  }

  /** `now` in milliseconds since the epoch. */
  create(now: number): string {
    const stamp = `${now.toString(36)}.${randomBytes(9).toString('base64url')}`;
    return `${stamp}.${this.#seal(stamp)}`;
  }

  /** `foreign`: not ours. `stale`: ours, but too old, or used with this count before. */
  check(nonce: string, count: number, now: number): 'fresh' | 'stale' | 'foreign' {
    const [time = '', random = '', seal = ''] = nonce.split('.');
    const expected = Buffer.from(this.#seal(`${time}.${random}`));
    const given = Buffer.from(seal);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return 'foreign';
    const madeAt = Number.parseInt(time, 36);
    const known = this.#counts.get(nonce);
    if (now - madeAt > this.#lifetimeMs || (known === undefined && madeAt <= this.#retiredUntil)) return 'stale';
    return count > (known ?? 0) ? 'fresh' : 'stale';
  }

  /** The nonce was used with this count by someone who knew the password. */
  use(nonce: string, count: number): void {
    this.#counts.delete(nonce);
    this.#counts.set(nonce, count);
    const [oldest] = this.#counts.keys();
    if (this.#counts.size <= MOST_NONCES || oldest === undefined) return;
    this.#counts.delete(oldest);
    this.#retiredUntil = Math.max(this.#retiredUntil, Number.parseInt(oldest, 36));
  }

  #seal(stamp: string): string {
    return createHmac('sha256', this.#key()).update(stamp).digest('base64url');
  }
}

/** A key that nobody else has. */
export function ownNonceKey(): () => Buffer {
  const key = randomBytes(32);
  return () => key;
}
