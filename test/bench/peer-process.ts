import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** A part of the bench in a process of its own, asked one question at a time. */
export class PeerProcess implements AsyncDisposable {
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess) {
    this.#process = process;
  }

  /** Resolves when it listens, which it says by a message: what is sent before is lost. */
  static async start(file: URL): Promise<PeerProcess> {
    const peer = new PeerProcess(fork(file, { stdio: 'inherit' }));
    await peer.#message();
    return peer;
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** @throws Error when it ends instead of answering. */
  ask<Answer>(question: object): Promise<Answer> {
    const answer = this.#message();
    this.#process.send(question);
    return answer as Promise<Answer>;
  }

  #message(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const ended = () => reject(new Error('the process ended instead of answering'));
      this.#process.once('exit', ended);
      this.#process.once('message', (message) => {
        this.#process.off('exit', ended);
        resolve(message);
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, 'exit');
    this.#process.kill();
    await exited;
  }
}
