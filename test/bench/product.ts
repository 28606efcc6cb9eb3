import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Config } from '../../src/config.ts';
import { ApiClient } from '../support/api-client.ts';
import { labConfig } from '../support/lab.ts';
import type { SipTarget } from '../../src/embedded/sip/transport.ts';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const PROBE = new URL('./memory-probe.mjs', import.meta.url).href;

type Device = Config['devices'][number];

const readyLine = z.object({ msg: z.literal('earpiece is ready'), http: z.string(), sip: z.string() });
const memory = z.object({ rss: z.number(), heapUsed: z.number(), external: z.number() });

/** Bytes, after a garbage collection. */
export type Memory = z.infer<typeof memory>;

export interface ProductOptions {
  readonly policy?: Config['media']['policy'];
  /** What else is different about the media side. */
  readonly media?: Partial<Config['media']>;
}

/**
 * The compiled product in a process of its own, on free ports, with the users of the laboratory and these devices; on real
 * engines where the environment names them.
 */
export class Product implements AsyncDisposable {
  readonly pid: number;
  readonly httpUrl: string;
  readonly sip: SipTarget;
  readonly #process: ChildProcess;
  readonly #folder: string;

  private constructor(process: ChildProcess, folder: string, { http, sip }: z.infer<typeof readyLine>) {
    this.#process = process;
    this.#folder = folder;
    this.pid = process.pid ?? 0;
    this.httpUrl = http;
    const [address = '127.0.0.1', port] = sip.split(':');
    this.sip = { protocol: 'udp', address, port: Number(port) };
  }

  /** Resolves when it takes calls. @throws Error with its output when it does not. */
  static async start(
    devices: readonly Device[],
    { policy = 'on-demand', media }: ProductOptions = {},
  ): Promise<Product> {
    const folder = await mkdtemp(join(tmpdir(), 'earpiece-bench-'));
    const file = join(folder, 'earpiece.yaml');
    const config = labConfig({ devices: [...devices], media: { policy, ...media }, log: { level: 'info' } });
    // JSON is YAML.
    await writeFile(file, JSON.stringify(config));
    const child = spawn(process.execPath, ['--expose-gc', `--import=${PROBE}`, MAIN, '--config', file], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    const heard: string[] = [];
    if (child.stdout === null) throw new Error('no standard output');
    const lines = createInterface({ input: child.stdout });
    const ready = new Promise<z.infer<typeof readyLine>>((resolve, reject) => {
      lines.on('line', (line) => {
        if (heard.length > 100) return;
        heard.push(line);
        const { data } = readyLine.safeParse(parsed(line));
        if (data !== undefined) resolve(data);
      });
      child.once('exit', (code) => reject(new Error(`it ended with ${code}:\n${heard.join('\n')}`)));
    });
    return new Product(child, folder, await ready);
  }

  uriOf(number: string): string {
    return `sip:${number}@${this.sip.address}:${this.sip.port}`;
  }

  api(userName: string): ApiClient {
    return new ApiClient(this.httpUrl, userName);
  }

  /** What it needs once its garbage is collected. */
  async memory(): Promise<Memory> {
    const answer = once(this.#process, 'message');
    this.#process.send('memory');
    return memory.parse((await answer)[0]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const exited = once(this.#process, 'exit');
      // Twice: it does not wait for the calls that are up, and ends them in order.
      this.#process.kill('SIGTERM');
      setTimeout(() => this.#process.kill('SIGTERM'), 200);
      const force = setTimeout(() => this.#process.kill('SIGKILL'), 10_000);
      await exited;
      clearTimeout(force);
    }
    await rm(this.#folder, { recursive: true });
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // No line of the log.
    return undefined;
  }
}
