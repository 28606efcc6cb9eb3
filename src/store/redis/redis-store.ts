import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { LocatedCall } from '../../coaching/call-locations.ts';
import type { InstanceId } from '../../coaching/instance.ts';
import type { Bulletin } from '../../coaching/shared.ts';
import type { Logger } from '../../log.ts';
import { parseJson } from '../stored-state.ts';
import type { Store } from '../store.ts';
import { type RedisAddress, RedisConnection } from './connection.ts';
import { Keys } from './keys.ts';
import { RedisMap, type RedisTable } from './redis-map.ts';
import { RedisMonitorings } from './redis-monitorings.ts';
import { RedisRecords } from './redis-records.ts';
import { RedisSiblings, type SiblingTiming, TIMING } from './redis-siblings.ts';
import { Replica } from './replica.ts';
import { restore, takeSnapshot } from './snapshot.ts';

/** How long a start waits for Redis, ms. After that it goes on without: calls come first. */
const PATIENCE_MS = 3000;
/** What could not be read is read again after this, ms. */
const RETRY_MS = 1000;

const spokenOf = z.object({ instanceId: z.string() });
const notice = z.object({ by: z.string(), notice: z.unknown() });

/**
 * A store in Redis that several Earpieces share. While Redis is not there calls go on, phones stay registered where they
 * are, and what would change a subscription is refused; when it is back everyone makes up for what was missed.
 */
export async function openRedisStore(
  { prefix, ...address }: RedisAddress & { readonly prefix: string },
  log: Logger,
  timing: SiblingTiming = TIMING,
): Promise<Store> {
  const keys = new Keys(prefix);
  const connection = new RedisConnection(address, log);
  const replica = new Replica();
  const estate = {
    forgotten: () => records.reassert(),
    inherited: (found: ReadonlyMap<string, string>) => records.inherited(found),
    recover: (): Promise<void> => records.recover(),
    beginning: () => {
      const known = replica.seq;
      return (server: { readonly epoch: string; readonly seq: number }) => {
        // What is published is told before the answer to whatever came later: nothing is under way.
        if (!inStep || (server.epoch === epoch && server.seq >= known && server.seq <= replica.seq)) return;
        log.warn({}, 'redis was changed behind the back of this instance: it is read again');
        again();
      };
    },
  };
  const siblings = new RedisSiblings(connection, keys, log, estate, timing);
  const table: RedisTable = { connection, keys, replica, self: siblings.self };
  const calls = new RedisMap<LocatedCall>(table, 'calls');
  const registrations = new RedisMap<unknown>(table, 'registrations', 'registeredAt');
  const records = new RedisRecords(connection, keys, siblings.self);
  // A subscription that is free again looks for the calls that are up: an ended one must be gone by then.
  const monitorings = new RedisMonitorings(table, () => calls.flushed());
  const readers: ((notice: unknown) => void)[] = [];
  const bulletin: Bulletin = {
    post: (word) => {
      const text = JSON.stringify({ by: siblings.self, notice: word });
      connection
        .command('PUBLISH', keys.bulletin, text)
        .catch((error: unknown) => log.debug({ err: error }, 'not told'));
    },
    follow: (told) => readers.push(told),
  };
  const posted = (text: string) => {
    const word = notice.safeParse(parseJson(text)).data;
    if (word !== undefined && word.by !== siblings.self) for (const told of readers) told(word.notice);
  };

  let nonceKey: Buffer = randomBytes(32);
  let epoch: string | undefined;
  let loaded: () => void = () => undefined;
  const first = new Promise<void>((resolve) => (loaded = resolve));
  // A connection that is lost meanwhile begins it anew: only the latest turn may load, or it would undo what came after its snapshot.
  let turns = 0;
  let inStep = false;
  const synchronise = async (turn: number) => {
    replica.suspend();
    // First of all: what is written from now on must not be taken for what was lost.
    if (epoch !== undefined && (await restore(connection, keys, replica, epoch))) {
      log.warn({}, 'redis has lost its memory: what this instance knows is put back, where nobody else has');
      await records.replace();
    }
    await Promise.all([calls.hurry(), registrations.hurry()]);
    const found = await takeSnapshot(connection, keys);
    if (turn !== turns) return;
    ({ epoch, secret: nonceKey } = found);
    replica.load(found);
    records.hurry();
    await siblings.arrived(instancesIn(replica));
    connection.refuses('reading', undefined);
    connection.serves();
    inStep = true;
    loaded();
  };
  const again = () => {
    inStep = false;
    const turn = ++turns;
    synchronise(turn).catch((error: unknown) => {
      connection.refuses('reading', error);
      setTimeout(() => {
        if (turn === turns && connection.ready) again();
      }, RETRY_MS).unref();
    });
  };
  connection.open({ [keys.changes]: (text) => replica.received(text), [keys.bulletin]: posted }, again);

  const patience = new AbortController();
  const late = delay(PATIENCE_MS, 'late', { signal: patience.signal }).catch(() => 'closed');
  if ((await Promise.race([first, late])) === 'late') log.error({}, 'going on without redis until it is there');
  patience.abort();

  let closing: Promise<void> | undefined;
  const close = async () => {
    await Promise.all([calls.close(), registrations.close(), records.close()]);
    await siblings
      .leave()
      .catch((error: unknown) => log.warn({ err: error }, 'redis not told that this instance ends'));
    connection.close();
  };
  return {
    monitorings,
    calls,
    registrations,
    records,
    siblings,
    bulletin,
    reachableAt: (url) => siblings.reachableAt(url),
    nonceKey: () => nonceKey,
    status: () => connection.status,
    close: () => (closing ??= close()),
  };
}

/** The instances of which something is stored. */
function instancesIn(replica: Replica): InstanceId[] {
  const texts = [...replica.table('calls').values(), ...[...replica.table('subscriptions').values()].map(jsonOf)];
  const ids = texts.flatMap((text) => spokenOf.safeParse(parseJson(text)).data?.instanceId ?? []);
  return [...new Set(ids)];
}

/** Of "version target json". */
const jsonOf = (text: string): string => text.replace(/^\d+ \S+ /, '');
