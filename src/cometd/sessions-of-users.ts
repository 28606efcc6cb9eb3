import type { ServerSession } from 'cometd-nodejs-server';
import type { UserId } from '../coaching/device.ts';

/** Messages that may wait for a client that does not fetch them; a slower one is dropped and has to begin anew. */
const QUEUED = 200;

/** Which clients belong to which user. */
export class SessionsOfUsers {
  readonly #byUser = new Map<UserId, Set<ServerSession>>();
  readonly #waiting = new Set<ServerSession>();

  /** How many clients wait for a message at this moment. */
  get waiting(): number {
    return this.#waiting.size;
  }

  of(userId: UserId): readonly ServerSession[] {
    return [...(this.#byUser.get(userId) ?? [])];
  }

  all(): readonly ServerSession[] {
    return [...this.#byUser.values()].flatMap((sessions) => [...sessions]);
  }

  add(userId: UserId, session: ServerSession): void {
    const sessions = this.#byUser.get(userId) ?? new Set();
    this.#byUser.set(userId, sessions.add(session));
    session.addListener('suspended', () => this.#waiting.add(session));
    session.addListener('resumed', () => this.#waiting.delete(session));
    session.addListener('removed', () => {
      this.#waiting.delete(session);
      sessions.delete(session);
      if (sessions.size === 0 && this.#byUser.get(userId) === sessions) this.#byUser.delete(userId);
    });
    let queued = 0;
    session.addListener('queueDrain', () => (queued = 0));
    session.addListener('queueOffer', () => {
      queued += 1;
      if (queued === QUEUED) session.disconnect();
    });
  }

  /** Ends a client when it waits next: then all that is queued for it has reached it. One that never comes back expires. */
  endGently(session: ServerSession): void {
    if (this.#waiting.has(session)) session.disconnect();
    else session.addListener('suspended', () => session.disconnect());
  }
}
