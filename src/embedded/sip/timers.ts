/** The timers of RFC 3261 table 4 and RFC 6026, all in ms. */
export interface Timers {
  /** Round-trip estimate. */
  readonly T1: number;
  /** Longest interval between retransmissions of a non-INVITE request or an INVITE response. */
  readonly T2: number;
  /** How long a message stays in the network; timers I and K on UDP. */
  readonly T4: number;
  /** How long a client transaction waits for an answer (B, F), a server one for the ACK (H). */
  readonly giveUp: number;
  /** How long an answered transaction absorbs repetitions on UDP (D, J), and 2xx on any transport (L, M). */
  readonly linger: number;
}

/** The values of RFC 3261 with some of them replaced; what is not given follows T1 as the RFC says. */
export function timersFrom(given: Partial<Timers> = {}): Timers {
  const T1 = given.T1 ?? 500;
  return {
    T1,
    T2: given.T2 ?? 8 * T1,
    T4: given.T4 ?? 10 * T1,
    giveUp: given.giveUp ?? 64 * T1,
    linger: given.linger ?? 64 * T1,
  };
}
