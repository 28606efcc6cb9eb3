import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as after } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type ChildProcess, spawn } from 'node:child_process';
import { freePort, listening } from './free-port.ts';

/** So often a port is tried, and so long, ms: a foreign program does not tell when it listens. */
const [interval, patience] = [20, 15_000];

/** The shell command of a real drachtio-server, which finds ADMIN_PORT and SIP_PORT in its environment; its secret is `cymru`. */
const command = process.env['EARPIECE_DRACHTIO_COMMAND'];

/**
 * A SIP server in a process of its own, so that it can be killed: the miniature drachtio-server, or what the environment names
 * (`EARPIECE_DRACHTIO_COMMAND='exec drachtio …'`).
 */
export class SipServerProcess implements AsyncDisposable {
  readonly adminPort: number;
  readonly sipPort: number;
  readonly secret = 'cymru';
  #process: ChildProcess | undefined;

  private constructor(adminPort: number, sipPort: number) {
    this.adminPort = adminPort;
    this.sipPort = sipPort;
  }

  static async start(): Promise<SipServerProcess> {
    const server = new SipServerProcess(await freePort(), await freePort());
    await server.restart();
    return server;
  }

  /** On the same ports as before. Resolves when it serves. */
  async restart(): Promise<void> {
    await this.kill();
    const env = { ...process.env, ADMIN_PORT: String(this.adminPort), SIP_PORT: String(this.sipPort) };
    const options = { env, detached: true, stdio: 'ignore' } as const;
    const main = fileURLToPath(new URL('sip-server-main.ts', import.meta.url));
    this.#process =
      command === undefined
        ? spawn(process.execPath, ['--import', 'tsx', main], options)
        : spawn('/bin/sh', ['-c', command], options);
    await Promise.all([listening(this.sipPort, patience), accepting(this.adminPort)]);
  }

  /** Without a word to anybody. Twice is fine. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    process.kill(-child.pid, 'SIGKILL');
    await exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

async function accepting(port: number): Promise<void> {
  const given = performance.now() + patience;
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return;
    } catch (error) {
      if (performance.now() > given) throw error;
    } finally {
      socket.destroy();
    }
    await after(interval);
  }
}
