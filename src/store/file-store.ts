import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import type { Json } from '../coaching/ports.ts';
import type { Logger } from '../log.ts';
import { LevelPairs } from './level-pairs.ts';
import { LocalMap } from './local-map.ts';
import { LocalMonitorings } from './local-monitorings.ts';
import { LocalRecords } from './local-records.ts';
import { LoneInstance, NO_READERS } from './lone-instance.ts';
import type { Store } from './store.ts';
import { parseJson, parseStoredState, type StoredState } from './stored-state.ts';

const FOLDERS = {
  monitoring: 'monitoring/',
  registration: 'registration/',
  record: 'record/',
  /** Processes that have held calls, and may have left rooms on media servers. */
  instance: 'instance/',
} as const;

/**
 * A store in files of this machine, for one process at a time. A subscription is stored when it is accepted; the rest is written
 * behind. Rejects with `unavailable` and the reason when the folder cannot be had.
 */
export async function openFileStore(folder: string, log: Logger): Promise<Store> {
  const path = resolve(folder);
  const pairs = await LevelPairs.open(path, log);
  const keeper = (below: string) => (key: string, value: unknown) =>
    pairs.putLater(below + key, value === undefined ? undefined : JSON.stringify(value));
  const parsed = (below: string) =>
    pairs
      .under(below)
      .map(([key, text]): [string, unknown] => [key, parseJson(text)])
      .filter(([, value]) => value !== undefined);
  const storedStates = () => pairs.under(FOLDERS.monitoring).map(([, text]) => parseStoredState(text));

  const states = storedStates().filter((state) => state !== undefined);
  const unreadable = storedStates().length - states.length;
  if (unreadable > 0) log.warn({ path, unreadable }, 'subscriptions in the store that make no sense are left out');
  const instances = keeper(FOLDERS.instance);
  const siblings = new LoneInstance([...pairs.under(FOLDERS.instance).map(([id]) => id), ...holders(states)], (id) =>
    instances(id, undefined),
  );
  pairs.onMended = () => siblings.reunited(holders(storedStates()));
  let holdsCalls = false;
  const nonceKey = randomBytes(32);
  return {
    siblings,
    monitorings: new LocalMonitorings(siblings.self, states, (supervisorDeviceId, state) =>
      pairs.put(FOLDERS.monitoring + supervisorDeviceId, state && JSON.stringify(state)),
    ),
    calls: new LocalMap([], () => {
      if (!holdsCalls) instances(siblings.self, Date.now());
      holdsCalls = true;
    }),
    registrations: new LocalMap(parsed(FOLDERS.registration), keeper(FOLDERS.registration)),
    records: new LocalRecords(parsed(FOLDERS.record) as [string, Json][], keeper(FOLDERS.record)),
    bulletin: NO_READERS,
    reachableAt: () => undefined,
    nonceKey: () => nonceKey,
    status: () => ({ kind: 'file', ...pairs.condition }),
    close: () => pairs.close(),
  };
}

/** Who holds the calls that supervisors are in. */
const holders = (states: readonly (StoredState | undefined)[]): string[] =>
  states.flatMap((state) => (state === undefined || state.is === 'armed' ? [] : [state.instanceId]));
