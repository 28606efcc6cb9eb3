import { SessionRate } from './session-rate.ts';

/** Which of the two ways a call may come about. */
export type Direction = 'inbound' | 'outbound';

export interface Limits {
  readonly maxSessions: number;
  readonly sessionsPerSecond: number;
}

/**
 * Whether the server takes new calls: its limits, and what `fsctl` says about it. A refused INVITE is answered `503 Maximum
 * Calls In Progress`, whatever the reason (measured on FreeSWITCH 1.10.12).
 */
export class Admission {
  readonly rate: SessionRate;
  maxSessions: number;
  /** `fsctl shutdown elegant` and `asap` wait for the last call to end. */
  shutdownRequested = false;
  readonly #paused = new Set<Direction>();

  constructor({ maxSessions, sessionsPerSecond }: Limits) {
    this.maxSessions = maxSessions;
    this.rate = new SessionRate(sessionsPerSecond);
  }

  pause(...directions: readonly Direction[]): void {
    for (const direction of directions) this.#paused.add(direction);
  }

  resume(...directions: readonly Direction[]): void {
    for (const direction of directions) this.#paused.delete(direction);
  }

  paused(direction: Direction): boolean {
    return this.#paused.has(direction);
  }

  /** `ready` is lost only when neither way is open, as `status` and `fsctl ready_check` have it. */
  get ready(): boolean {
    return this.#paused.size < 2;
  }

  /**
   * FreeSWITCH compares when the new session counts already: with `max-sessions` 3 it takes two (measured on 1.10.12).
   *
   * @param sessions how many there are without the new one @returns whether it may begin; it then counts for this second
   */
  admits(direction: Direction, sessions: number): boolean {
    return sessions + 1 < this.maxSessions && !this.paused(direction) && this.rate.take();
  }

  /** What OPTIONS asks: a server that is full, or paused, says 503 to it as well (measured on FreeSWITCH 1.10.12). */
  takesCalls(sessions: number): boolean {
    return sessions < this.maxSessions && !this.paused('inbound');
  }
}
