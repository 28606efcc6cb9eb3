import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { EarpieceError } from '../coaching/errors.ts';
import type { Json } from '../coaching/ports.ts';
import type { Logger } from '../log.ts';
import { LocalMap } from './local-map.ts';
import { LocalMonitorings } from './local-monitorings.ts';
import { LocalRecords } from './local-records.ts';
import { LoneInstance, NO_READERS } from './lone-instance.ts';
import type { Store, StoreStatus } from './store.ts';
import { parseJson, parseStoredState } from './stored-state.ts';
import { WriteBehind } from './write-behind.ts';

/** A full disk is looked at again after this, ms. */
const RETRY_MS = 1000;

const FOLDERS = {
  monitoring: 'monitoring/',
  registration: 'registration/',
  record: 'record/',
  /** Processes that have held calls, and may have left rooms on media servers. */
  instance: 'instance/',
} as const;

/**
 * A store in files of this machine, for one process at a time (LevelDB, written by a thread of its own). A subscription is
 * stored when it is accepted; the rest is written behind. Rejects with `unavailable` and the reason when the folder cannot be had.
 */
export async function openFileStore(folder: string, log: Logger): Promise<Store> {
  const path = resolve(folder);
  const level = new ClassicLevel(path);
  await level.open().catch((cause: unknown) => {
    throw new EarpieceError('unavailable', `store.path: ${reasonOf(cause, path)}`, { cause });
  });
  let status: StoreStatus = { kind: 'file', is: 'up' };
  const behind = new WriteBehind({
    retryMs: RETRY_MS,
    write: (writes) => level.batch([...writes].map(([key, value]) => operation(key, value))),
    failing: (error) => {
      if (error === undefined) {
        status = { kind: 'file', is: 'up' };
        log.info({ path }, 'store is written again');
        return;
      }
      status = { kind: 'file', is: 'down', reason: error.message, since: Date.now() };
      log.error({ path, reason: error.message }, 'store cannot be written');
    },
  });
  const keeper = (below: string) => (key: string, value: unknown) =>
    behind.put(below + key, value === undefined ? undefined : JSON.stringify(value));

  const found = await readAll(level);
  const monitorings = found(FOLDERS.monitoring).map(([, text]) => parseStoredState(text));
  const unreadable = monitorings.filter((state) => state === undefined).length;
  if (unreadable > 0) log.warn({ path, unreadable }, 'subscriptions in the store that make no sense are left out');
  const states = monitorings.filter((state) => state !== undefined);
  const instances = keeper(FOLDERS.instance);
  // One process at a time has the store: whoever is spoken of in it is gone.
  const gone = new Set(found(FOLDERS.instance).map(([id]) => id));
  for (const state of states) if (state.is !== 'armed') gone.add(state.instanceId);
  const siblings = new LoneInstance(
    () => [...gone],
    (id) => instances(id, undefined),
  );
  let holdsCalls = false;
  const nonceKey = randomBytes(32);
  let closing: Promise<void> | undefined;
  return {
    siblings,
    monitorings: new LocalMonitorings(siblings.self, states, (supervisorDeviceId, state) =>
      level.batch([operation(FOLDERS.monitoring + supervisorDeviceId, state && JSON.stringify(state))]),
    ),
    calls: new LocalMap([], () => {
      if (!holdsCalls) instances(siblings.self, Date.now());
      holdsCalls = true;
    }),
    registrations: new LocalMap(parsed(found(FOLDERS.registration)), keeper(FOLDERS.registration)),
    records: new LocalRecords(parsed(found(FOLDERS.record)) as [string, Json][], keeper(FOLDERS.record)),
    bulletin: NO_READERS,
    reachableAt: () => undefined,
    nonceKey: () => nonceKey,
    status: () => status,
    close: () => (closing ??= behind.close().then(() => level.close())),
  };
}

function operation(key: string, value: string | undefined) {
  return value === undefined ? { type: 'del' as const, key } : { type: 'put' as const, key, value };
}

/** Everything there is, by folder and without the folder's name. */
async function readAll(level: ClassicLevel): Promise<(folder: string) => [string, string][]> {
  const all = await level.iterator().all();
  return (folder) =>
    all.filter(([key]) => key.startsWith(folder)).map(([key, value]) => [key.slice(folder.length), value]);
}

function parsed(found: [string, string][]): [string, unknown][] {
  return found
    .map(([key, text]): [string, unknown] => [key, parseJson(text)])
    .filter(([, value]) => value !== undefined);
}

/** What LevelDB says, in words for whoever has written the configuration. */
function reasonOf(error: unknown, path: string): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const { code = '', message = String(cause) } = cause as { code?: string; message?: string };
  if (code === 'LEVEL_LOCKED') return `${path} is in use by another process`;
  if (code === 'LEVEL_CORRUPTION') return `${path} is damaged (${message}); move it away to begin anew`;
  return `expected a folder that can be written, found ${path} (${message})`;
}
