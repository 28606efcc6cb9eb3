import type { ServerLoad } from './server-load.ts';

/** Sessions that a room begins with, its two parties, and what must be free for it: a supervisor may come. */
const PARTIES = 2;
const SESSIONS_OF_A_ROOM = 3;

/** The second over which FreeSWITCH counts is not ours: what we count must fit into any. */
const SECOND_MS = 1000;

/** ms for which a server that has answered 503 is left alone. */
const PAUSE_MS = 1000;

/** What a server has said of its load, what has been begun there since, and what follows for whoever wants another room. */
export class Allowance {
  #load: ServerLoad | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  /** When each session of the last second, or since the last reading, was begun; ms of the caller's clock. */
  #begun: number[] = [];
  /** Sessions that count as begun, and have not: those of rooms just opened. */
  #expected = 0;
  #refusedAt = Number.NEGATIVE_INFINITY;

  read(load: ServerLoad, now: number): void {
    this.#load = { ...load, sessionsPerSecond: load.sessionsPerSecond ?? this.#load?.sessionsPerSecond };
    this.#readAt = now;
    this.#begun = this.#begun.filter((at) => now - at < SECOND_MS);
  }

  /** A room is opened there: its parties count from now on, lest all that are opened at once look at the same numbers. */
  roomOpened(now: number): void {
    this.#expected += PARTIES;
    this.#begun.push(...Array.from({ length: PARTIES }, () => now));
  }

  sessionBegun(now: number): void {
    if (this.#expected > 0) this.#expected--;
    else this.#begun.push(now);
  }

  /** The server has answered 503. */
  refused(now: number): void {
    this.#refusedAt = now;
  }

  /** Sessions, with those begun since it was last heard. */
  get sessions(): number {
    return (this.#load?.sessions ?? 0) + this.#begun.filter((at) => at > this.#readAt).length;
  }

  get maxSessions(): number | undefined {
    return this.#load?.maxSessions;
  }

  get idleCpu(): number | undefined {
    return this.#load?.idleCpu;
  }

  /** 0 empty, 1 full. */
  get share(): number {
    const { maxSessions } = this;
    return maxSessions === undefined ? 0 : maxSessions === 0 ? 1 : this.sessions / maxSessions;
  }

  /** Why no room should be opened there now; `undefined` when one may. */
  refusal(now: number): string | undefined {
    const { maxSessions } = this;
    // It refuses the last one already: the session that asks is counted with the others (measured on 1.10.12).
    if (maxSessions !== undefined && this.sessions + SESSIONS_OF_A_ROOM >= maxSessions) {
      return `it is full: ${this.sessions} of ${maxSessions} sessions (max-sessions)`;
    }
    if (now - this.#refusedAt < PAUSE_MS) return 'it is full: it has answered 503';
    const rate = this.#load?.sessionsPerSecond;
    const recent = this.#begun.filter((at) => now - at < SECOND_MS).length;
    // It refuses the last one already: it counts down before it looks (read from switch_core_session.c of 1.10.12).
    if (rate !== undefined && recent + PARTIES >= rate) {
      return `it takes no more than ${rate} sessions a second (sessions-per-second)`;
    }
    return undefined;
  }
}
