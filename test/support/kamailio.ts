import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as after } from 'node:timers/promises';
import { Child } from './child.ts';
import { findExecutable } from './executables.ts';

export interface KamailioOptions {
  /** Free for UDP on 127.0.0.1. */
  readonly port: number;
  /** Where Earpiece is: `sip:127.0.0.1:5060`. */
  readonly earpiece: string;
  /** `#!define`s, on top of what the configuration has. */
  readonly defines?: readonly string[];
}

export const kamailioPath: string | undefined = findExecutable('kamailio');
const configuration = fileURLToPath(new URL('../lab/kamailio.cfg', import.meta.url));

/** So often its output is looked at while it starts, ms, and for so long. */
const [interval, patience] = [10, 10_000];

/** A real Kamailio with the laboratory's configuration. Every phone's password is `earpiece`. */
export class Kamailio implements AsyncDisposable {
  readonly port: number;
  readonly #child: Child;
  readonly #folder: string;
  #closing: Promise<void> | undefined;

  private constructor(port: number, child: Child, folder: string) {
    this.port = port;
    this.#child = child;
    this.#folder = folder;
  }

  /** @throws Error when there is no Kamailio, or it does not come up. */
  static async start({ port, earpiece, defines = [] }: KamailioOptions): Promise<Kamailio> {
    if (kamailioPath === undefined) throw new Error('Kamailio is not installed (Debian package kamailio)');
    const folder = await mkdtemp(join(tmpdir(), 'earpiece-kamailio-'));
    const args = ['-DD', '-E', '-f', configuration, '-l', `udp:127.0.0.1:${port}`, '-Y', folder, '-m', '16', '-M', '2'];
    const env = { EARPIECE: earpiece, PHONE_PASSWORD: 'earpiece' };
    const child = new Child(kamailioPath, [...args, ...defines.flatMap((name) => ['-A', name])], folder, env);
    const kamailio = new Kamailio(port, child, folder);
    const given = performance.now() + patience;
    while (!child.output.includes('NOTICE: <script>: ready')) {
      if (performance.now() > given || child.process.exitCode !== null) {
        await kamailio.close();
        throw new Error(`Kamailio did not come up:\n${child.output}`);
      }
      await after(interval);
    }
    return kamailio;
  }

  /** What it wrote to its log. */
  get log(): string {
    return this.#child.output;
  }

  /** `kamcmd` with these words. @throws Error with what it says when it fails. */
  async command(...words: readonly string[]): Promise<void> {
    const kamcmd = new Child(
      findExecutable('kamcmd') ?? 'kamcmd',
      ['-s', `unix:${join(this.#folder, 'kamailio_ctl')}`, ...words],
      this.#folder,
    );
    if ((await kamcmd.exited) !== 0) throw new Error(kamcmd.output);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await this.#child.end();
    await rm(this.#folder, { recursive: true });
  }
}
