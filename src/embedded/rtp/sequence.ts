/** Arithmetic on the wrapping counters of RTP (RFC 3550 section 5.1). */

/** How far 16-bit sequence number `b` is ahead of `a`: -32768..32767. */
export function sequenceDistance(a: number, b: number): number {
  return ((b - a) << 16) >> 16;
}

/** How far 32-bit timestamp `b` is ahead of `a`: -2^31..2^31-1. */
export function timestampDistance(a: number, b: number): number {
  return (b - a) | 0;
}
