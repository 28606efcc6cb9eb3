import { ClassicLevel } from 'classic-level';
import { EarpieceError } from '../coaching/errors.ts';
import { Serial } from '../coaching/serial.ts';
import type { Logger } from '../log.ts';
import { WriteBehind, type Writes } from './write-behind.ts';

/** A disk that could not be written is tried again after this, ms. */
const RETRY_MS = 1000;

export type Condition =
  | { readonly is: 'up' }
  | { readonly is: 'down'; readonly reason: string; readonly since: number };

/**
 * Pairs of texts in a folder, for one process at a time: in LevelDB, which writes them with a thread of its own, and in memory.
 *
 *     up ── a write fails ──► down ── closed, opened again, made to be what is in memory ──► up
 *                              ▲ │
 *                              └─┘ a second later, for as long as the disk is full
 *
 * A write that fails leaves a torn record in LevelDB's log. Later ones are accepted, and lost when the log is read again (measured with
 * classic-level 3.0.0 on a full disk): nothing is written, therefore, to a database that was not opened again.
 */
export class LevelPairs {
  /** Told when what could not be written can be. */
  onMended: () => void = () => undefined;
  readonly #level: ClassicLevel;
  readonly #path: string;
  readonly #log: Logger;
  /** What is written, or shall be once the database was opened again. */
  readonly #kept: Map<string, string>;
  readonly #turns = new Serial();
  readonly #behind = new WriteBehind({ retryMs: RETRY_MS, write: (writes) => this.#write(writes) });
  #condition: Condition = { is: 'up' };
  #retry: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;

  private constructor(level: ClassicLevel, path: string, log: Logger, kept: Map<string, string>) {
    this.#level = level;
    this.#path = path;
    this.#log = log;
    this.#kept = kept;
  }

  /** Rejects with `unavailable` and the reason when the folder cannot be had. */
  static async open(path: string, log: Logger): Promise<LevelPairs> {
    const level = new ClassicLevel(path);
    await level.open().catch((cause: unknown) => {
      throw new EarpieceError('unavailable', `store.path: ${reasonOf(cause, path)}`, { cause });
    });
    return new LevelPairs(level, path, log, new Map(await level.iterator().all()));
  }

  get condition(): Condition {
    return this.#condition;
  }

  /** What is in a folder, without the folder's name. */
  under(folder: string): [string, string][] {
    return [...this.#kept]
      .filter(([key]) => key.startsWith(folder))
      .map(([key, value]) => [key.slice(folder.length), value]);
  }

  /** Resolves when it is written; `undefined` takes the key away. Rejects with `unavailable`, and nothing has changed then. */
  put(key: string, value: string | undefined): Promise<void> {
    return this.#write(new Map([[key, value]]));
  }

  /** Written by and by. */
  putLater(key: string, value: string | undefined): void {
    this.#behind.put(key, value);
  }

  /** Writes what is still to be written, where that can be done. Twice is fine. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    await this.#mend();
    await this.#behind.close();
    await this.#turns.idle();
    clearTimeout(this.#retry);
    await this.#level.close();
  }

  #write(writes: Writes): Promise<void> {
    return this.#turns.run(async () => {
      if (this.#condition.is === 'down') throw unavailable(this.#condition.reason);
      try {
        await this.#level.batch([...writes].map(([key, value]) => operation(key, value)));
      } catch (error) {
        throw unavailable(this.#failed(error));
      }
      for (const [key, value] of writes) {
        if (value === undefined) this.#kept.delete(key);
        else this.#kept.set(key, value);
      }
    });
  }

  /** Returns the reason. */
  #failed(error: unknown): string {
    const reason = causeOf(error).message;
    if (this.#condition.is === 'up') {
      this.#condition = { is: 'down', reason, since: Date.now() };
      this.#log.error({ path: this.#path, reason }, 'store cannot be written');
    }
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#mend(), RETRY_MS).unref();
    return reason;
  }

  /** Never rejects. */
  async #mend(): Promise<void> {
    const mended = await this.#turns.run(async () => {
      if (this.#condition.is === 'up') return false;
      try {
        await this.#reopen();
      } catch (error) {
        this.#failed(error);
        return false;
      }
      this.#condition = { is: 'up' };
      this.#log.info({ path: this.#path }, 'store is written again');
      return true;
    });
    if (!mended || this.#closing !== undefined) return;
    this.#behind.hurry();
    this.onMended();
  }

  async #reopen(): Promise<void> {
    await this.#level.close();
    await this.#level.open();
    const found = new Map(await this.#level.iterator().all());
    const missing = [...this.#kept].filter(([key, value]) => found.get(key) !== value);
    const surplus = [...found.keys()].filter((key) => !this.#kept.has(key));
    await this.#level.batch([
      ...missing.map(([key, value]) => operation(key, value)),
      ...surplus.map((key) => operation(key, undefined)),
    ]);
  }
}

function operation(key: string, value: string | undefined) {
  return value === undefined ? { type: 'del' as const, key } : { type: 'put' as const, key, value };
}

const unavailable = (reason: string) => new EarpieceError('unavailable', `the store cannot be written: ${reason}`);

/** What LevelDB says, in words for whoever has written the configuration. */
function reasonOf(error: unknown, path: string): string {
  const { code, message } = causeOf(error);
  if (code === 'LEVEL_LOCKED') return `${path} is in use by another process`;
  if (code === 'LEVEL_CORRUPTION') return `${path} is damaged (${message}); move it away to begin anew`;
  return `expected a folder that can be written, found ${path} (${message})`;
}

/** Of an error of `open` the cause is LevelDB's. */
function causeOf(error: unknown): { readonly code: string; readonly message: string } {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const { code = '', message = String(cause) } = cause as { code?: string; message?: string };
  return { code, message };
}
