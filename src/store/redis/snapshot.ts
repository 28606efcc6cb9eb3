import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { RedisConnection } from './connection.ts';
import { type Keys, TABLES, type TableName } from './keys.ts';
import type { Replica, Snapshot } from './replica.ts';
import { SEED, SNAPSHOT } from './scripts.ts';

const found = z.tuple([z.coerce.number(), z.string(), z.string(), z.unknown(), z.unknown(), z.unknown()]);

/** Everything that is stored, the secret of the nonces, and the name under which the server remembers it. */
export interface Found extends Snapshot {
  readonly epoch: string;
  readonly secret: Buffer;
}

export async function takeSnapshot(connection: RedisConnection, keys: Keys): Promise<Found> {
  const names = [keys.seq, keys.epoch, keys.secret, ...TABLES.map((name) => keys.table(name))];
  const words = [randomBytes(16).toString('hex'), randomBytes(32).toString('hex')];
  const [seq, epoch, secret, ...tables] = found.parse(await connection.run(SNAPSHOT, names, words));
  const [subscriptions, registrations, calls] = [pairs(tables[0]), pairs(tables[1]), pairs(tables[2])];
  return { seq, epoch, secret: Buffer.from(secret, 'hex'), tables: { subscriptions, registrations, calls } };
}

/** What the server has forgotten, a restart without persistence, everyone puts back from their copies; the first one counts. */
export async function seed(connection: RedisConnection, keys: Keys, replica: Replica): Promise<void> {
  for (const name of ['subscriptions', 'registrations'] satisfies TableName[]) {
    const entries = [...replica.table(name)].flat();
    await connection.run(SEED, [keys.seq, keys.table(name)], [String(replica.seq), ...entries]);
  }
}

/** A hash, as a script answers it: field and value alternating. */
export function pairs(answer: unknown): Map<string, string> {
  const words = z.array(z.string()).parse(answer);
  return new Map(
    words.flatMap((word, index): [string, string][] => (index % 2 === 0 ? [[word, words[index + 1] ?? '']] : [])),
  );
}
