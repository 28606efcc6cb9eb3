import type { ServerLoad } from './server-load.ts';

/** Sessions that a room begins with, its two parties, and what must be free for it: a supervisor may come. */
const PARTIES = 2;
const SESSIONS_OF_A_ROOM = 3;

/** The second over which FreeSWITCH counts is not ours: what we count must fit into any. It is also time enough for a room to begin. */
const SECOND_MS = 1000;

/** ms for which a server that has answered 503 is left alone. */
const PAUSE_MS = 1000;

/**
 * What a server has said of its load, what has been begun there since, and what follows for whoever wants another room.
 * Times are ms of the caller's clock.
 */
export class Allowance {
  #load: ServerLoad | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  /** When each session of the last second was begun, or a room opened that will begin it. */
  #begun: number[] = [];
  /** Those of them that have not been begun yet. */
  #expected: number[] = [];
  /** Sessions that are being begun; and when those were that the server may not have counted yet. */
  #beginning = 0;
  #made: number[] = [];
  #refusedAt = Number.NEGATIVE_INFINITY;

  /** What the server said when it was asked at that time. */
  read(load: ServerLoad, askedAt: number): void {
    this.#load = { ...load, sessionsPerSecond: load.sessionsPerSecond ?? this.#load?.sessionsPerSecond };
    this.#readAt = askedAt;
    this.#made = this.#made.filter((at) => at >= askedAt);
  }

  /** A room is opened there: its parties count from now on, lest all that are opened at once look at the same numbers. */
  roomOpened(now: number): void {
    for (let party = 0; party < PARTIES; party++) {
      this.#begun.push(now);
      this.#expected.push(now);
    }
  }

  /** A session is being begun; `made` is to be called when it stands. */
  sessionBegun(now: number): { over(made: boolean, now: number): void } {
    this.#forget(now);
    if (this.#expected.shift() === undefined) this.#begun.push(now);
    this.#beginning++;
    return {
      over: (made, at) => {
        this.#beginning--;
        if (made) this.#made.push(at);
      },
    };
  }

  /** The server has answered 503. */
  refused(now: number): void {
    this.#refusedAt = now;
  }

  /** Sessions, with those that were begun since it was last heard. */
  sessions(now: number): number {
    this.#forget(now);
    const since = this.#made.filter((at) => at >= this.#readAt).length;
    return (this.#load?.sessions ?? 0) + this.#expected.length + this.#beginning + since;
  }

  get maxSessions(): number | undefined {
    return this.#load?.maxSessions;
  }

  get idleCpu(): number | undefined {
    return this.#load?.idleCpu;
  }

  /** Sessions as a share of those it can have: 0 empty, 1 full. */
  share(now: number): number {
    const { maxSessions } = this;
    if (maxSessions === undefined) return 0;
    return maxSessions === 0 ? 1 : this.sessions(now) / maxSessions;
  }

  /** Why no room should be opened there now; `undefined` when one may. */
  refusal(now: number): string | undefined {
    const { maxSessions } = this;
    const sessions = this.sessions(now);
    // It refuses the last one already: the session that asks is counted with the others (measured on 1.10.12).
    if (maxSessions !== undefined && sessions + SESSIONS_OF_A_ROOM >= maxSessions) {
      return `it is full: ${sessions} of ${maxSessions} sessions (max-sessions)`;
    }
    if (now - this.#refusedAt < PAUSE_MS) return 'it is full: it has answered 503';
    const rate = this.#load?.sessionsPerSecond;
    // Here as well: it counts down before it looks (read from switch_core_session.c of 1.10.12).
    if (rate !== undefined && this.#begun.length + PARTIES >= rate) {
      return `it takes no more than ${rate} sessions a second (sessions-per-second)`;
    }
    return undefined;
  }

  #forget(now: number): void {
    const recent = (at: number) => now - at < SECOND_MS;
    this.#begun = this.#begun.filter(recent);
    this.#expected = this.#expected.filter(recent);
  }
}
