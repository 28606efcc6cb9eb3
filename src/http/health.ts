import type { Servers, Standing } from './ports.ts';

/** `degraded`: calls are taken, but something is missing that a supervisor or a restart may need. `down`: no call is taken. */
export type HealthStatus = 'up' | 'degraded' | 'down';

export interface Health {
  /** Who answers: siblings tell by it whether one of them lives. */
  readonly instance: string;
  readonly status: HealthStatus;
  readonly sip: Standing;
  readonly media: readonly (Standing & {
    readonly id: string;
    readonly rooms: number;
    readonly sessions: number | undefined;
  })[];
  readonly store: Standing;
}

/** States that somebody has asked for; nothing is wrong with them. */
const WANTED: ReadonlySet<string> = new Set(['draining', 'drained']);

/** Sums up how everything stands. */
export function healthOf({ instance, sip, mediaServers, mediaAvailable, store }: Omit<Servers, 'drain'>): Health {
  const media = mediaServers.map(({ id, state, reason, rooms, sessions }) => ({ id, state, reason, rooms, sessions }));
  const fine = (standing: Standing) =>
    WANTED.has(standing.state) || (standing.state === 'up' && standing.reason === undefined);
  const allFine = mediaAvailable && media.every(fine) && store.state === 'up';
  const status = sip.state !== 'up' ? 'down' : allFine ? 'up' : 'degraded';
  return { instance, status, sip, media, store };
}
