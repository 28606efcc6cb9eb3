import { randomBytes, randomUUID } from 'node:crypto';

/** Every branch of RFC 3261 begins with it (8.1.1.7). */
export const MAGIC_COOKIE = 'z9hG4bK';

/** Random bytes are drawn in bulk: one system call for some hundred identifiers. */
let pool = Buffer.alloc(0);
let used = 0;

function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    pool = randomBytes(2048);
    used = 0;
  }
  const hex = pool.toString('hex', used, used + bytes);
  used += bytes;
  return hex;
}

/** A From or To tag: 64 random bits (RFC 3261 19.3 wants 32). */
export function randomTag(): string {
  return randomHex(8);
}

export function randomBranch(): string {
  return `${MAGIC_COOKIE}${randomHex(10)}`;
}

export function randomCallId(): string {
  return randomUUID();
}
