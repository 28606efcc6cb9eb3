import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { RedisConnection } from './connection.ts';
import { type Keys, TABLES } from './keys.ts';
import type { Replica, Snapshot } from './replica.ts';
import { RESTORE, SNAPSHOT } from './scripts.ts';

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

const stand = z.tuple([z.coerce.number(), z.string().nullable()]);

/**
 * What the server has forgotten everyone puts back from their copies: after a restart without persistence the first one counts, of one
 * that remembers an earlier time the newest. Answers whether something was forgotten, whoever has put it back. `epoch` is what our copy is of. Rejects with `unavailable` or `timeout`.
 */
export async function restore(
  connection: RedisConnection,
  keys: Keys,
  replica: Replica,
  epoch: string,
): Promise<boolean> {
  const [seq, now] = stand.parse(await connection.command('MGET', keys.seq, keys.epoch));
  if (now === epoch && seq >= replica.seq) return false;
  const [subscriptions, registrations] = [
    [...replica.table('subscriptions')].flat(),
    [...replica.table('registrations')].flat(),
  ];
  const names = [keys.seq, keys.epoch, keys.table('subscriptions'), keys.table('registrations')];
  const words = [epoch, String(replica.seq), String(subscriptions.length), ...subscriptions, ...registrations];
  await connection.run(RESTORE, names, words);
  return true;
}

/** A hash, as a script answers it: field and value alternating. */
export function pairs(answer: unknown): Map<string, string> {
  const words = z.array(z.string()).parse(answer);
  return new Map(
    words.flatMap((word, index): [string, string][] => (index % 2 === 0 ? [[word, words[index + 1] ?? '']] : [])),
  );
}
