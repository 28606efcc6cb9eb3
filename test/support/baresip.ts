import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BaresipControl, type BaresipEvent } from './baresip-control.ts';
import { Child } from './child.ts';
import { findExecutable } from './executables.ts';
import { freePort } from './free-port.ts';
import { type Listener, recording } from './party.ts';
import type { Voice } from './voice.ts';
import type { Wait } from './watch.ts';
import { readWav, writeWav } from './wav.ts';

export interface BaresipOptions {
  readonly name: string;
  /** What its microphone hears, from the beginning of each call. */
  readonly voice: Voice;
  /** Then the microphone falls silent, s; default 60. */
  readonly seconds?: number;
  readonly user?: string;
  readonly codec?: 'PCMU' | 'PCMA';
  /** Answers every call at once; default false. */
  readonly autoAnswer?: boolean;
  /** Registers there; default: with nobody. */
  readonly registrar?: { readonly address: string; readonly port: number };
  readonly password?: string;
}

export const baresipPath: string | undefined = findExecutable('baresip');
const modules = process.env.BARESIP_MODULES ?? '/usr/lib/baresip/modules';

/** A real baresip with a configuration of its own: its microphone is a voice, its loudspeaker a recording. */
export class Baresip implements AsyncDisposable {
  readonly name: string;
  readonly voice: Voice;
  /** `sip:user@127.0.0.1:port` */
  readonly uri: string;
  readonly sipPort: number;
  readonly #child: Child;
  readonly #control: BaresipControl;
  readonly #folder: string;
  #closing: Promise<Listener> | undefined;

  private constructor(options: BaresipOptions, sipPort: number, child: Child, control: BaresipControl, folder: string) {
    this.name = options.name;
    this.voice = options.voice;
    this.sipPort = sipPort;
    this.uri = `sip:${options.user ?? options.name}@127.0.0.1:${sipPort}`;
    this.#child = child;
    this.#control = control;
    this.#folder = folder;
  }

  /** @throws Error when there is no baresip, or it does not come up. */
  static async start(options: BaresipOptions): Promise<Baresip> {
    if (baresipPath === undefined) throw new Error('baresip is not installed (Debian package baresip-core)');
    const folder = await mkdtemp(join(tmpdir(), 'earpiece-baresip-'));
    const [sipPort, controlPort] = [await freePort(), await freePort()];
    await writeWav(join(folder, 'microphone.wav'), options.voice.samples(0, (options.seconds ?? 60) * 8000));
    await writeFile(join(folder, 'config'), configuration(folder, sipPort, controlPort));
    await writeFile(join(folder, 'accounts'), `${account(options, sipPort)}\n`);
    await writeFile(join(folder, 'contacts'), '');
    const child = new Child(baresipPath, ['-4', '-f', folder, '-p', folder, '-n', '127.0.0.1'], folder);
    try {
      const control = await BaresipControl.open(controlPort, child.exited);
      return new Baresip(options, sipPort, child, control, folder);
    } catch (error) {
      await child.end();
      await rm(folder, { recursive: true });
      throw new Error(`baresip did not come up:\n${child.output}`, { cause: error });
    }
  }

  get events(): readonly BaresipEvent[] {
    return this.#control.events;
  }

  /** `CALL_INCOMING`, `CALL_RINGING`, `CALL_ESTABLISHED`, `CALL_CLOSED`, `REGISTER_OK`, …: the first, after `skip` of them. */
  event(type: string, wait?: Wait & { readonly skip?: number }): Promise<BaresipEvent> {
    return this.#control.event(type, wait);
  }

  async dial(uri: string): Promise<void> {
    await this.#control.command('dial', uri);
  }
  async accept(): Promise<void> {
    await this.#control.command('accept');
  }
  async hangUp(): Promise<void> {
    await this.#control.command('hangup');
  }
  async hold(): Promise<void> {
    await this.#control.command('hold');
  }
  async resume(): Promise<void> {
    await this.#control.command('resume');
  }

  /** Hangs up, ends the process. @returns all it has heard: the frames of all its calls, without the time between packets. */
  close(): Promise<Listener> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<Listener> {
    this.#control.close();
    await this.#child.end();
    const files = (await readdir(this.#folder)).filter((name) => name.endsWith('-dec.wav')).sort();
    const heard = await Promise.all(files.map((name) => readWav(join(this.#folder, name))));
    await rm(this.#folder, { recursive: true });
    const all = new Int16Array(heard.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const samples of heard) {
      all.set(samples, at);
      at += samples.length;
    }
    return recording(this.name, all);
  }
}

function account(options: BaresipOptions, sipPort: number): string {
  const { name, user = name, codec = 'PCMU', autoAnswer = false, registrar, password } = options;
  const home = registrar ?? { address: '127.0.0.1', port: sipPort };
  const params = [
    `answermode=${autoAnswer ? 'auto' : 'manual'}`,
    `audio_codecs=${codec.toLowerCase()}`,
    `regint=${registrar === undefined ? 0 : 300}`,
    ...(password === undefined ? [] : [`auth_user=${user}`, `auth_pass=${password}`]),
  ];
  return `"${name}" <sip:${user}@${home.address}:${home.port};transport=udp>;${params.join(';')}`;
}

function configuration(folder: string, sipPort: number, controlPort: number): string {
  const lines: readonly (readonly [string, string])[] = [
    ['poll_method', 'epoll'],
    ['sip_listen', `127.0.0.1:${sipPort}`],
    ['ctrl_tcp_listen', `127.0.0.1:${controlPort}`],
    ['call_local_timeout', '120'],
    ['audio_source', `aufile,${join(folder, 'microphone.wav')}`],
    // A loudspeaker that keeps time and makes no sound; what is decoded is written down before it gets there.
    ['audio_player', 'aubridge,loudspeaker'],
    ['audio_alert', 'aubridge,bell'],
    ['snd_path', folder],
    ['ausrc_srate', '8000'],
    ['auplay_srate', '8000'],
    ['ausrc_channels', '1'],
    ['auplay_channels', '1'],
    ['jitter_buffer_delay', '0-1'],
    ['rtp_ports', '10000-30000'],
    ['module_path', modules],
    ...['g711', 'sndfile', 'aufile', 'aubridge'].map((name) => ['module', `${name}.so`] as const),
    ...['uuid', 'account'].map((name) => ['module_tmp', `${name}.so`] as const),
    ...['menu', 'ctrl_tcp'].map((name) => ['module_app', `${name}.so`] as const),
  ];
  return `${lines.map(([key, value]) => `${key} ${value}`).join('\n')}\n`;
}
