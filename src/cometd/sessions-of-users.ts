import type { ServerSession } from 'cometd-nodejs-server';
import type { UserId } from '../coaching/device.ts';

/** Messages that may wait for a client that does not fetch them; a slower one is dropped and has to begin anew. */
const QUEUED = 200;

/** Which clients belong to which user. */
export class SessionsOfUsers {
  readonly #byUser = new Map<UserId, Set<ServerSession>>();

  of(userId: UserId): readonly ServerSession[] {
    return [...(this.#byUser.get(userId) ?? [])];
  }

  all(): readonly ServerSession[] {
    return [...this.#byUser.values()].flatMap((sessions) => [...sessions]);
  }

  add(userId: UserId, session: ServerSession): void {
    const sessions = this.#byUser.get(userId) ?? new Set();
    this.#byUser.set(userId, sessions.add(session));
    session.addListener('removed', () => {
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
}
