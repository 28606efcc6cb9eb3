import { randomBytes } from 'node:crypto';
import { LocalMap } from './local-map.ts';
import { LocalMonitorings } from './local-monitorings.ts';
import { LocalRecords } from './local-records.ts';
import { LoneInstance, NO_READERS } from './lone-instance.ts';
import type { Store } from './store.ts';

/** A store that ends with its process. */
export function memoryStore(): Store {
  const siblings = new LoneInstance();
  const nonceKey = randomBytes(32);
  return {
    siblings,
    monitorings: new LocalMonitorings(siblings.self),
    calls: new LocalMap(),
    registrations: new LocalMap(),
    records: new LocalRecords(),
    bulletin: NO_READERS,
    reachableAt: () => undefined,
    nonceKey: () => nonceKey,
    status: () => ({ kind: 'memory', is: 'up' }),
    close: () => Promise.resolve(),
  };
}
