import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ApiClient } from './api-client.ts';
import { Child } from './child.ts';
import type { MediaServerProcess } from './media-server-process.ts';
import type { SipServerProcess } from './sip-server-process.ts';
import { Watch } from './watch.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Earpiece with the laboratory's configuration and a file store, as a process between a SIP server and a media server. */
export class EarpieceProcess implements AsyncDisposable {
  readonly #folder: string;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #watch = new Watch();
  #child: Child | undefined;
  #httpUrl = '';

  private constructor(folder: string, environment: NodeJS.ProcessEnv) {
    this.#folder = folder;
    this.#environment = environment;
  }

  /** Resolves when it takes calls. */
  static async start(sip: SipServerProcess, media: MediaServerProcess): Promise<EarpieceProcess> {
    const folder = await mkdtemp(join(tmpdir(), 'earpiece-'));
    const lab = await readFile(join(root, 'src/lab.yaml'), 'utf8');
    const profile = process.env['EARPIECE_CONFERENCE_PROFILE'] ?? 'earpiece';
    await writeFile(join(folder, 'earpiece.yaml'), lab.replace(/^media:$/m, `media:\n  conferenceProfile: ${profile}`));
    const earpiece = new EarpieceProcess(folder, {
      EARPIECE_HTTP_PORT: '0',
      EARPIECE_SIP_ENGINE: 'drachtio',
      EARPIECE_DRACHTIO_PORT: String(sip.adminPort),
      EARPIECE_DRACHTIO_SECRET: sip.secret,
      EARPIECE_MEDIA_ENGINE: 'freeswitch',
      EARPIECE_FREESWITCH: `${media.address.host}:${media.address.port}`,
      EARPIECE_FREESWITCH_PASSWORD: media.address.password,
      EARPIECE_STORE_PATH: join(folder, 'store'),
    });
    await earpiece.restart();
    return earpiece;
  }

  /** Starts it, again, with what it had stored. */
  async restart(): Promise<void> {
    await this.kill();
    this.#spawn({});
    const { http } = await this.says('earpiece is ready');
    this.#httpUrl = String(http);
  }

  /** A start that fails, for what the environment says; resolves with the exit code. */
  async startInVain(environment: NodeJS.ProcessEnv): Promise<number | NodeJS.Signals> {
    await this.kill();
    return this.#spawn(environment).exited;
  }

  /** `kill -9`: nobody is told anything. Twice is fine. */
  async kill(): Promise<void> {
    await this.#child?.end('SIGKILL');
  }

  /** The first line of the log, since the last start, with that message; `times`: so many of them. */
  says(message: string, times = 1): Promise<Record<string, unknown>> {
    const found = () => this.#lines().filter((line) => line['msg'] === message)[times - 1];
    const output = () => this.#child?.output ?? '';
    return this.#watch.until(`the log to say ${message}`, found, output, { within: 30_000 });
  }

  api(userName = 'supervisor'): ApiClient {
    return new ApiClient(this.#httpUrl, userName);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child?.end();
    await rm(this.#folder, { recursive: true });
  }

  #spawn(environment: NodeJS.ProcessEnv): Child {
    const args = [
      '--import',
      'tsx',
      join(root, 'src/main.ts'),
      'start',
      '--config',
      join(this.#folder, 'earpiece.yaml'),
    ];
    const child = new Child(process.execPath, args, root, { ...this.#environment, ...environment });
    child.process.stdout?.on('data', () => this.#watch.touch());
    this.#child = child;
    return child;
  }

  #lines(): Record<string, unknown>[] {
    return (this.#child?.output ?? '')
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}
