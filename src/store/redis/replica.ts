import { z } from 'zod';
import { EarpieceError } from '../../coaching/errors.ts';
import type { InstanceId } from '../../coaching/instance.ts';
import { parseJson } from '../stored-state.ts';
import { TABLES, type TableName } from './keys.ts';

/** A change as it is published, behind its number: keys and what they are now, `null` for gone. */
const message = z.object({
  by: z.string(),
  table: z.enum(TABLES),
  changes: z.array(z.tuple([z.string(), z.string().nullable()])),
  effects: z.unknown().optional(),
});

export type Message = z.output<typeof message>;

/** Where a change comes from; nothing, when it was only found to be so. */
export interface Origin {
  readonly by?: InstanceId;
  readonly effects?: unknown;
}

export type TableFollower = (key: string, text: string | undefined, origin: Origin) => void;

/** Everything in Redis at one moment. */
export interface Snapshot {
  readonly seq: number;
  readonly tables: Readonly<Record<TableName, ReadonlyMap<string, string>>>;
}

/** How long a change may be on its way back to whoever made it, ms. */
const ECHO_MS = 2000;

/** A copy of the tables in Redis: every change is applied in the order of its number, here and everywhere. */
export class Replica {
  readonly #tables: Record<TableName, Map<string, string>> = {
    subscriptions: new Map(),
    registrations: new Map(),
    calls: new Map(),
  };
  readonly #followers: Record<TableName, TableFollower[]> = { subscriptions: [], registrations: [], calls: [] };
  #seq = 0;
  /** What came in while the copy is made anew. */
  #waiting: string[] | undefined = [];
  #echoes: { readonly seq: number; readonly resolve: () => void }[] = [];

  /** The number of the last change that was applied. */
  get seq(): number {
    return this.#seq;
  }

  table(name: TableName): ReadonlyMap<string, string> {
    return this.#tables[name];
  }

  /** `told` hears at once of what there is, and then of every change. */
  follow(name: TableName, told: TableFollower): void {
    this.#followers[name].push(told);
    for (const [key, text] of this.#tables[name]) told(key, text, {});
  }

  /** The connection is new: what is published must wait for the snapshot. */
  suspend(): void {
    this.#waiting = [];
  }

  /** Makes the copy like the snapshot, tells what has changed by that, and goes on with what was published since. */
  load({ seq, tables }: Snapshot): void {
    this.#seq = seq;
    for (const name of TABLES) {
      const gone = [...this.#tables[name].keys()].filter((key) => !tables[name].has(key));
      for (const key of gone) this.#apply(name, key, undefined, {});
      for (const [key, text] of tables[name]) {
        if (this.#tables[name].get(key) !== text) this.#apply(name, key, text, {});
      }
    }
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const text of waiting) this.received(text);
    this.#echo();
  }

  /** A change was published. */
  received(text: string): void {
    if (this.#waiting !== undefined) {
      this.#waiting.push(text);
      return;
    }
    const [, number = '', json = ''] = /^(\d+) (.*)$/s.exec(text) ?? [];
    const change = message.safeParse(parseJson(json)).data;
    const seq = Number(number);
    if (change === undefined || seq <= this.#seq) return;
    this.#seq = seq;
    for (const [key, value] of change.changes) this.#apply(change.table, key, stored(change.table, seq, value), change);
    this.#echo();
  }

  /** Resolves when the change of that number has been applied. Rejects with `timeout`. */
  applied(seq: number): Promise<void> {
    if (seq <= this.#seq && this.#waiting === undefined) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const echo = {
        seq,
        resolve: () => {
          clearTimeout(timer);
          resolve();
        },
      };
      const timer = setTimeout(() => {
        this.#echoes = this.#echoes.filter((each) => each !== echo);
        reject(new EarpieceError('timeout', 'redis does not tell of changes'));
      }, ECHO_MS);
      this.#echoes.push(echo);
    });
  }

  #apply(name: TableName, key: string, text: string | undefined, origin: Origin): void {
    if (text === undefined) this.#tables[name].delete(key);
    else this.#tables[name].set(key, text);
    for (const told of this.#followers[name]) told(key, text, origin);
  }

  #echo(): void {
    const heard = this.#echoes.filter(({ seq }) => seq <= this.#seq);
    this.#echoes = this.#echoes.filter(({ seq }) => seq > this.#seq);
    for (const { resolve } of heard) resolve();
  }
}

/** A subscription is stored with the number of its last change: its version. */
function stored(table: TableName, seq: number, text: string | null): string | undefined {
  if (text === null) return undefined;
  return table === 'subscriptions' ? `${seq} ${text}` : text;
}
