import { randomBytes } from 'node:crypto';
import type { User, UserId } from '../coaching/device.ts';

export interface Session {
  readonly id: string;
  readonly user: User;
  /** Goes with every change a client asks for, where the configuration demands it. */
  readonly csrfToken: string;
}

interface Entry {
  readonly session: Session;
  expiresAt: number;
}

/**
 * Who is logged in. Every user has one session, however many clients share it: they are bounded in number, and a log-out
 * holds for all clients of the user, as the end of a contact centre session does.
 */
export class Sessions {
  readonly #lifetimeMs: number;
  readonly #now: () => number;
  readonly #byUser = new Map<UserId, Entry>();
  readonly #byId = new Map<string, Entry>();

  /** A session that is not used for `lifetimeMs` is over. */
  constructor(lifetimeMs: number, now: () => number = Date.now) {
    this.#lifetimeMs = lifetimeMs;
    this.#now = now;
  }

  /** The session that a cookie names, which lives on. */
  resume(id: string): Session | undefined {
    return this.#use(this.#byId.get(id));
  }

  /** The user's session; a new one where there is none. */
  open(user: User): Session {
    const open = this.#use(this.#byUser.get(user.id));
    if (open !== undefined) return open;
    const session = {
      id: randomBytes(32).toString('base64url'),
      user,
      csrfToken: randomBytes(32).toString('base64url'),
    };
    const entry = { session, expiresAt: this.#now() + this.#lifetimeMs };
    this.#byUser.set(user.id, entry);
    this.#byId.set(session.id, entry);
    return session;
  }

  close(userId: UserId): void {
    const entry = this.#byUser.get(userId);
    if (entry === undefined) return;
    this.#byUser.delete(userId);
    this.#byId.delete(entry.session.id);
  }

  #use(entry: Entry | undefined): Session | undefined {
    if (entry === undefined) return undefined;
    if (this.#now() >= entry.expiresAt) {
      this.close(entry.session.user.id);
      return undefined;
    }
    entry.expiresAt = this.#now() + this.#lifetimeMs;
    return entry.session;
  }
}
