/**
 * How a media server stands. `waiting`: it is down and tried again by and by. `draining`: it is up, takes no new rooms and still
 * has some; `drained`: it has none left.
 */
export type MediaServerState = 'up' | 'connecting' | 'waiting' | 'draining' | 'drained' | 'closed';

/** What a person wants to know of a media server. It holds no secret. */
export interface MediaServerStatus {
  readonly id: string;
  /** `host:port` of its event socket. */
  readonly address: string;
  readonly state: MediaServerState;
  /** Why it takes no rooms now; `undefined` when it does. */
  readonly reason: string | undefined;
  readonly rooms: number;
  /** All its sessions, ours and those of others, as it last said. */
  readonly sessions: number | undefined;
  readonly maxSessions: number | undefined;
  /** Sessions as a share of the most it takes: 0 empty, 1 full. */
  readonly load: number | undefined;
  /** Percent of its processor that nobody uses. */
  readonly idleCpu: number | undefined;
}

/** One word for a server: draining matters only of one that is connected. */
export function stateOf(server: {
  readonly connection: 'up' | 'connecting' | 'waiting' | 'closed';
  readonly draining: boolean;
  readonly rooms: number;
}): MediaServerState {
  if (server.connection !== 'up' || !server.draining) return server.connection;
  return server.rooms > 0 ? 'draining' : 'drained';
}
