import type { B2bua } from '../b2bua/b2bua.ts';
import type { Servers } from '../http/ports.ts';
import type { MediaPool } from '../media/media-pool.ts';
import type { Store } from '../store/store.ts';

/** How everything stands that this process depends on, for whoever asks over HTTP. */
export function serversOf(b2bua: B2bua, media: MediaPool, store: Store): Servers {
  return {
    instance: store.siblings.self,
    get sip() {
      return b2bua.status;
    },
    get mediaServers() {
      return media.status();
    },
    get mediaAvailable() {
      return media.available;
    },
    get store() {
      const { is, kind, ...more } = store.status();
      return { kind, state: is, reason: 'reason' in more ? more.reason : undefined };
    },
    drain: (id, draining) => media.drain(id, draining),
  };
}
