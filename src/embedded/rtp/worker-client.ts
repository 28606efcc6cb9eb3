import type { Worker } from 'node:worker_threads';
import type { CommandName, Commands, FromWorker, Notice } from './protocol.ts';

interface Pending {
  resolve(gives: unknown): void;
  reject(error: Error): void;
}

/** Asks the media worker and matches its replies. A worker that dies rejects everything that waits for it. */
export class WorkerClient {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  readonly #onNotice: (notice: Notice) => void;
  readonly #exited: Promise<void>;
  #seq = 0;
  #state: 'open' | 'closing' | 'closed' = 'open';
  #closing: Promise<void> | undefined;

  /** @param onNotice hears what the worker says unasked, and an `error` should it die. */
  constructor(worker: Worker, onNotice: (notice: Notice) => void) {
    this.#worker = worker;
    this.#onNotice = onNotice;
    worker.on('message', (message: FromWorker) => this.#heard(message));
    worker.on('error', (error) => this.#failed(error));
    this.#exited = new Promise((resolve) => {
      worker.once('exit', (code) => {
        if (this.#state === 'open') this.#failed(new Error(`the media worker ended with code ${code}`));
        this.#state = 'closed';
        this.#rejectAll(new Error('the media engine is closed'));
        resolve();
      });
    });
  }

  get open(): boolean {
    return this.#state === 'open';
  }

  /** Resolves when the worker has applied the command; rejects with what it said against it. */
  call<Name extends CommandName>(name: Name, takes: Commands[Name]['takes']): Promise<Commands[Name]['gives']> {
    if (this.#state !== 'open') return Promise.reject(new Error('the media engine is closed'));
    return this.#post(name, takes);
  }

  /** Lets the worker close its sockets, then waits for its end. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#state === 'open') {
      this.#state = 'closing';
      try {
        await this.#post('closeEngine', {});
      } catch (error) {
        // It died instead of closing: its sockets went with it, but say so.
        this.#onNotice({ kind: 'error', error: messageOf(error) });
      }
      await this.#worker.terminate();
    }
    await this.#exited;
  }

  #post<Name extends CommandName>(name: Name, takes: Commands[Name]['takes']): Promise<Commands[Name]['gives']> {
    const seq = ++this.#seq;
    return new Promise((resolve, reject) => {
      this.#pending.set(seq, { resolve: (gives) => resolve(gives as Commands[Name]['gives']), reject });
      this.#worker.postMessage({ seq, name, takes });
    });
  }

  #heard(message: FromWorker): void {
    if (message.kind !== 'reply') {
      this.#onNotice(message);
      return;
    }
    const pending = this.#pending.get(message.seq);
    this.#pending.delete(message.seq);
    if (message.ok) pending?.resolve(message.gives);
    else pending?.reject(new Error(message.error));
  }

  #failed(error: unknown): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#rejectAll(error instanceof Error ? error : new Error(String(error)));
    this.#onNotice({ kind: 'error', error: messageOf(error) });
  }

  #rejectAll(error: Error): void {
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
