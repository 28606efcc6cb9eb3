import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** A program that a test runs, in a process group of its own. */
export class Child {
  readonly process: ChildProcess;
  /** What it wrote to stdout and stderr; the last 64 KiB. */
  output = '';
  /** Resolves with the exit code, or the signal that ended it; rejects when it could not be started. */
  readonly exited: Promise<number | NodeJS.Signals>;

  /** `env`: on top of ours. */
  constructor(program: string, args: readonly string[], folder: string, env: NodeJS.ProcessEnv = {}) {
    const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe'];
    this.process = spawn(program, args, { cwd: folder, detached: true, stdio, env: { ...process.env, ...env } });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.output = (this.output + chunk.toString('latin1')).slice(-65_536);
      });
    }
    this.exited = once(this.process, 'close').then(([code, signal]: unknown[]) =>
      typeof code === 'number' ? code : (signal as NodeJS.Signals),
    );
  }

  /** Ends the whole group: asks first, then kills. Twice is fine. */
  async end(signal: NodeJS.Signals = 'SIGTERM', patienceMs = 3000): Promise<void> {
    if (!this.#signal(signal)) return;
    const force = setTimeout(() => this.#signal('SIGKILL'), patienceMs);
    await this.exited.finally(() => clearTimeout(force));
  }

  /** @returns false when there is nobody left to get it. */
  #signal(signal: NodeJS.Signals): boolean {
    const { pid, exitCode, signalCode } = this.process;
    if (pid === undefined || exitCode !== null || signalCode !== null) return false;
    try {
      return process.kill(-pid, signal);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
      throw error;
    }
  }
}
