import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from './child.ts';
import { findExecutable } from './executables.ts';
import { freePort } from './free-port.ts';
import { Watch } from './watch.ts';

const program = findExecutable('redis-server');

export const redisInstalled = program !== undefined;

/** A real redis-server on a port of its own, which keeps nothing on disk. */
export class RedisServer implements AsyncDisposable {
  readonly port: number;
  readonly #folder: string;
  #child: Child | undefined;

  private constructor(port: number, folder: string) {
    this.port = port;
    this.#folder = folder;
  }

  static async start(): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), await mkdtemp(join(tmpdir(), 'earpiece-redis-')));
    await server.begin();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it, again perhaps; it remembers nothing. */
  async begin(...options: string[]): Promise<void> {
    if (program === undefined) throw new Error('redis-server is not installed');
    const words = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', ...options];
    const child = new Child(program, words, this.#folder);
    this.#child = child;
    const watch = new Watch();
    child.process.stdout?.on('data', () => watch.touch());
    const ready = () => (child.output.includes('Ready to accept connections') ? true : undefined);
    await watch.until('redis-server to be ready', ready, () => child.output);
    const socket = connect(this.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.destroy();
  }

  /** Ends it without a word. */
  async kill(): Promise<void> {
    await this.#child?.end('SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
