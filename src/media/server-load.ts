/** What a FreeSWITCH says of its load. */
export interface ServerLoad {
  readonly sessions: number;
  /** It refuses every session beyond these with 503 (max-sessions). */
  readonly maxSessions: number;
  /** As many sessions may begin in a second (sessions-per-second); only `status` says it. */
  readonly sessionsPerSecond: number | undefined;
  /** Percent of the processor that nobody uses. */
  readonly idleCpu: number | undefined;
}

/** Reads the answer to `api status` (FreeSWITCH 1.10.12); `undefined` where it is something else. */
export function readStatus(status: string): ServerLoad | undefined {
  const number = (pattern: RegExp) => {
    const found = pattern.exec(status)?.[1];
    return found === undefined ? undefined : Number(found);
  };
  const sessions = number(/^(\d+) session\(s\) - peak/m);
  const maxSessions = number(/^(\d+) session\(s\) max/m);
  if (sessions === undefined || maxSessions === undefined) return undefined;
  return {
    sessions,
    maxSessions,
    sessionsPerSecond: number(/^\d+ session\(s\) per Sec out of max (\d+)/m),
    idleCpu: number(/^min idle cpu [\d.]+\/([\d.]+)/m),
  };
}

/**
 * Reads the headers of a HEARTBEAT; `undefined` where it does not say its load. `Session-Per-Sec` is no limit but what is
 * left of it in this second, and `Session-Per-Sec-Max` a peak (read from switch_core.c of 1.10.12).
 */
export function readHeartbeat(header: (name: string) => string | null): ServerLoad | undefined {
  const number = (name: string) => {
    const value = header(name);
    return value === null || !/^\d+(\.\d+)?$/.test(value) ? undefined : Number(value);
  };
  const [sessions, maxSessions] = [number('Session-Count'), number('Max-Sessions')];
  if (sessions === undefined || maxSessions === undefined) return undefined;
  return { sessions, maxSessions, sessionsPerSecond: undefined, idleCpu: number('Idle-CPU') };
}
