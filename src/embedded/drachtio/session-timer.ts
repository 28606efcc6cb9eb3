import type { SipHeaders } from '../sip/headers.ts';

/** Who keeps a session alive, seen from the request that set it up (RFC 4028 4). */
export type Refresher = 'uac' | 'uas';

export interface SessionInterval {
  readonly seconds: number;
  readonly refresher: Refresher | undefined;
}

/** RFC 4028 5: nobody needs to take part in anything shorter. */
export const MIN_SESSION_SECONDS = 90;

export function readSessionExpires(headers: SipHeaders): SessionInterval | undefined {
  const value = headers.get('session-expires');
  const seconds = Number(/^\s*(\d{1,9})/.exec(value ?? '')?.[1] ?? 0);
  if (value === undefined || seconds === 0) return undefined;
  const refresher = /;\s*refresher\s*=\s*(uac|uas)/i.exec(value)?.[1]?.toLowerCase();
  return { seconds, refresher: refresher === 'uac' || refresher === 'uas' ? refresher : undefined };
}

/**
 * What drachtio-server 0.9.10 answers to a request that asks for a session timer: the same, when the request names the
 * refresher; nothing, and no timer, when it does not or wants less than Min-SE (measured).
 */
export function answeredSessionExpires(request: SipHeaders): string | undefined {
  const wanted = readSessionExpires(request);
  if (wanted?.refresher === undefined || wanted.seconds < MIN_SESSION_SECONDS) return undefined;
  return `${wanted.seconds};refresher=${wanted.refresher}`;
}

interface SessionTimerParts {
  /** ms until the session is dead without a refresh. */
  readonly interval: number;
  readonly refreshing: boolean;
  /** Send a refresh now; called at half the interval, only when `refreshing`. */
  readonly refresh: () => void;
  /** Nobody refreshed: the session is over. */
  readonly expire: () => void;
}

/** The clock of one session. Every refresh, whoever sent it, replaces it by a new one. */
export class SessionTimer {
  readonly interval: number;
  readonly refreshing: boolean;
  readonly #refresh: NodeJS.Timeout | undefined;
  readonly #expire: NodeJS.Timeout;

  constructor(parts: SessionTimerParts) {
    this.interval = parts.interval;
    this.refreshing = parts.refreshing;
    this.#refresh = parts.refreshing ? setTimeout(parts.refresh, parts.interval / 2) : undefined;
    this.#expire = setTimeout(parts.expire, parts.interval);
  }

  stop(): void {
    clearTimeout(this.#refresh);
    clearTimeout(this.#expire);
  }
}
