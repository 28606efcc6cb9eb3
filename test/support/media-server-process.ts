import { setTimeout as after } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { MediaServerAddress } from '../../src/media/freeswitch.ts';
import { probeEventSocket } from '../../src/media/event-socket-probe.ts';
import { Child } from './child.ts';
import { freePort } from './free-port.ts';
import { SECRETS } from './real-engines.ts';

/**
 * A shell command that becomes a real FreeSWITCH (so `exec`), told its ports by ESL_PORT, SIP_PORT, RTP_START and RTP_END. It has the
 * usual password, an SIP profile `drachtio_mrf` and the conference profile of EARPIECE_CONFERENCE_PROFILE.
 */
const command = process.env['EARPIECE_FREESWITCH_COMMAND'];

/** Which servers these are, in words. */
export const mediaServersAre = command === undefined ? 'the miniature FreeSWITCH' : 'real FreeSWITCH servers';

/** What Earpiece has to be told to use these servers. */
export function mediaOf(fleet: readonly MediaServerProcess[]) {
  const { EARPIECE_CONFERENCE_PROFILE: conferenceProfile = 'earpiece' } = process.env;
  const profile = command === undefined ? {} : { conferenceProfile };
  return { engine: 'freeswitch' as const, freeswitch: fleet.map(({ address }) => address), ...profile };
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const miniature = `exec '${process.execPath}' --import tsx '${fileURLToPath(new URL('./media-server-main.ts', import.meta.url))}'`;

/** RTP ports that each server gets, below what Linux gives to whoever does not ask. A new one each time: late packets go nowhere. */
const [firstRtp, lastRtp, rtpPorts] = [23_500, 25_500, 200];
let nextRtp = firstRtp;

/** So often we look whether it is ready, and for how long, ms: a real one needs 3 s. */
const [interval, patience] = [50, 30_000];

/** A media server in a process of its own, so that it can be killed, frozen and started again as it happens in life. */
export class MediaServerProcess implements AsyncDisposable {
  readonly address: MediaServerAddress & { readonly id: string };
  readonly #environment: NodeJS.ProcessEnv;
  #child: Child;

  private constructor(address: MediaServerProcess['address'], environment: NodeJS.ProcessEnv) {
    this.address = address;
    this.#environment = environment;
    this.#child = this.#spawn();
  }

  /** Resolves when it takes calls. */
  static async start(): Promise<MediaServerProcess> {
    const [port, sipPort] = [await freePort(), await freePort()];
    if (nextRtp + rtpPorts > lastRtp) nextRtp = firstRtp;
    const environment = {
      ESL_PORT: String(port),
      SIP_PORT: String(sipPort),
      RTP_START: String(nextRtp),
      RTP_END: String(nextRtp + rtpPorts - 1),
    };
    nextRtp += rtpPorts;
    const address = { id: `${port}`, host: '127.0.0.1', port, password: SECRETS.freeswitch };
    const server = new MediaServerProcess(address, environment);
    await server.#ready();
    return server;
  }

  /** `kill -9`. Resolves when it is gone. */
  async kill(): Promise<void> {
    this.#signal('SIGKILL');
    await this.#child.exited;
  }

  /** Stops it in the middle of whatever it does; its sockets stay open, and fill. */
  freeze(): void {
    this.#signal('SIGSTOP');
  }
  thaw(): void {
    this.#signal('SIGCONT');
  }

  /** Starts it again at its old addresses. Resolves when it takes calls. */
  async restart(): Promise<void> {
    this.#child = this.#spawn();
    await this.#ready();
  }

  /** Whatever was done to it: it takes calls again. */
  async revive(): Promise<void> {
    if (this.#isGone) await this.restart();
    else this.thaw();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isGone) await this.kill();
  }

  get #isGone(): boolean {
    const { exitCode, signalCode } = this.#child.process;
    return exitCode !== null || signalCode !== null;
  }

  #spawn(): Child {
    return new Child('/bin/sh', ['-c', command ?? miniature], root, this.#environment);
  }

  async #ready(): Promise<void> {
    const given = performance.now() + patience;
    for (;;) {
      try {
        await probeEventSocket(this.address, 'drachtio_mrf', 1000);
        return;
      } catch (error) {
        if (!this.#isGone && performance.now() < given) await after(interval);
        else throw new Error(`the media server did not start:\n${this.#child.output}`, { cause: error });
      }
    }
  }

  /** The whole group: a shell that does not `exec` has the server as its child. */
  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child.process;
    if (pid !== undefined) process.kill(-pid, signal);
  }
}
