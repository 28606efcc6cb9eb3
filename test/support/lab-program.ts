import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { Child } from './child.ts';
import { project, readCompose } from './compose.ts';
import { freePort } from './free-port.ts';
import { type Listener, recording } from './party.ts';
import type { ToneName } from './tone.ts';
import { readWav } from './wav.ts';

/** Time between two looks at its health, ms, and how many there are. */
const [interval, looks] = [100, 100];

/**
 * A service of docker-compose.yml that is a script of test/lab, run on 127.0.0.1 without a container: the same script with the same
 * environment, but for the addresses.
 */
export class LabProgram implements AsyncDisposable {
  readonly #child: Child;
  readonly #folder: string;
  readonly #healthCheck: string | undefined;
  readonly #env: NodeJS.ProcessEnv;

  private constructor(child: Child, folder: string, healthCheck: string | undefined, env: NodeJS.ProcessEnv) {
    this.#child = child;
    this.#folder = folder;
    this.#healthCheck = healthCheck;
    this.#env = env;
  }

  /** `switchAddress`: `127.0.0.1:5060`; `env`: in place of what the service has. */
  static async start(name: string, switchAddress: string, env: NodeJS.ProcessEnv = {}): Promise<LabProgram> {
    const service = readCompose().services[name];
    const script = service?.command?.[0];
    if (service === undefined || script === undefined) throw new Error(`there is no service ${name} with a script`);
    const folder = await mkdtemp(join(tmpdir(), `earpiece-${name}-`));
    const whole: NodeJS.ProcessEnv = {
      ...service.environment,
      SWITCH: switchAddress,
      ADDRESS: '127.0.0.1',
      PORT: String(await freePort()),
      CONTROL: String(await freePort()),
      FOLDER: folder,
      SCENARIOS: join(project, 'test/sipp'),
      ...env,
    };
    const child = new Child(onThisMachine(script), [], folder, whole);
    const healthCheck = service.healthcheck?.test[1];
    return new LabProgram(child, folder, healthCheck && onThisMachine(healthCheck), whole);
  }

  /** Its exit code, when it has ended by itself. */
  get finished(): Promise<number | NodeJS.Signals> {
    return this.#child.exited;
  }

  get output(): string {
    return this.#child.output;
  }

  /** Resolves when its health check succeeds. */
  async healthy(): Promise<void> {
    if (this.#healthCheck === undefined) throw new Error('it has no health check');
    for (let n = 0; n < looks; n++) {
      if ((await new Child(this.#healthCheck, [], this.#folder, this.#env).exited) === 0) return;
      await after(interval);
    }
    throw new Error(`it did not become healthy:\n${this.output}`);
  }

  /** Hangs up and ends a softphone. */
  end(): Promise<void> {
    return this.#child.end('SIGINT');
  }

  /** What a softphone has heard in its first call; to be asked after its end. */
  async heard(name: ToneName): Promise<Listener> {
    const file = (await readdir(this.#folder)).find((each) => each.endsWith('-dec.wav'));
    if (file === undefined) throw new Error(`it has recorded nothing:\n${this.output}`);
    return recording(name, await readWav(join(this.#folder, file)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
    await rm(this.#folder, { recursive: true });
  }
}

const onThisMachine = (path: string): string => path.replace(/^\/lab\//, join(project, 'test/lab/'));
