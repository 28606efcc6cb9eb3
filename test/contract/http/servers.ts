import { EarpieceError } from '../../../src/coaching/errors.ts';
import type { MediaServerView, Servers, Standing } from '../../../src/http/ports.ts';

/** The servers of a control plane as a test wants them to stand. */
export class ClaimedServers implements Servers {
  readonly instance = 'this one';
  sip: Standing = { state: 'up' };
  store: Standing = { state: 'up' };
  mediaAvailable = true;
  mediaServers: MediaServerView[] = [serverView('fs-1'), serverView('fs-2')];

  drain(id: string, draining: boolean): MediaServerView {
    const server = this.mediaServers.find((each) => each.id === id);
    if (server === undefined) throw new EarpieceError('not-found', `there is no media server ${id}`);
    const state = draining ? (server.rooms > 0 ? 'draining' : 'drained') : 'up';
    const changed = { ...server, state, reason: draining ? 'it is being drained' : undefined };
    this.mediaServers = this.mediaServers.map((each) => (each.id === id ? changed : each));
    return changed;
  }
}

export function serverView(id: string, more: Partial<MediaServerView> = {}): MediaServerView {
  const numbers = { rooms: 0, sessions: 0, maxSessions: 1000, load: 0 };
  return { id, address: '10.0.0.1:8021', state: 'up', reason: undefined, ...numbers, ...more };
}
