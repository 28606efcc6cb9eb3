import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Child } from './child.ts';
import { findExecutable } from './executables.ts';
import { freePort, listening } from './free-port.ts';
import type { RtpAddress } from './mouth.ts';

/** The scenarios in test/sipp; what each of them does is said there. */
export type SippScenario = 'uac' | 'uac-load' | 'uac-cancel' | 'uas' | 'uas-busy' | 'uas-no-answer' | 'register';

export interface SippOptions {
  /** Whom a caller calls. */
  readonly remote?: { readonly address: string; readonly port: number };
  /** User part of the URI it calls or registers. */
  readonly user?: string;
  /** User part of its own address; default `customer`. */
  readonly caller?: string;
  /** Where its SDP wants the sound to go: a probe. Default the discard port. */
  readonly audio?: RtpAddress;
  /** Ends after so many calls; default 1. */
  readonly calls?: number;
  /** Calls per second, default 10. */
  readonly rate?: number;
  /** Time of a call (caller) or of ringing (uac-cancel), ms; default 1000. */
  readonly holdMs?: number;
  /** For a challenge. */
  readonly credentials?: { readonly username: string; readonly password: string };
  /** More [keys] of a scenario. */
  readonly keys?: Readonly<Record<string, string>>;
  readonly protocol?: 'udp' | 'tcp';
  /** SIPp ends then by itself, s; default 30. */
  readonly timeoutSeconds?: number;
}

export interface SippResult {
  /** 0: all calls were as the scenario says. 1: some were not. 97, 99: ended before. 255: could not begin. */
  readonly exitCode: number | NodeJS.Signals;
  readonly created: number;
  readonly successful: number;
  readonly failed: number;
  readonly retransmissions: number;
  /** From INVITE to 200, ms; one for each answered call. */
  readonly responseTimes: readonly number[];
  /** What SIPp found unexpected, with the messages. */
  readonly errors: string;
  /** Every column of SIPp's statistics, cumulated. */
  readonly statistics: ReadonlyMap<string, string>;
}

export const sippPath: string | undefined = findExecutable('sipp');
const scenarios = fileURLToPath(new URL('../sipp/', import.meta.url));

/** A running SIPp, on a SIP port of its own. */
export class Sipp implements AsyncDisposable {
  readonly port: number;
  readonly #child: Child;
  readonly #folder: string;
  /** Resolves when it has ended, by itself or by `stop`. */
  readonly finished: Promise<SippResult>;

  private constructor(child: Child, folder: string, port: number) {
    this.#child = child;
    this.#folder = folder;
    this.port = port;
    this.finished = this.#result();
  }

  /** Starts a scenario; those that wait for calls are listening when this resolves. @throws Error when there is no SIPp. */
  static async start(scenario: SippScenario, options: SippOptions = {}): Promise<Sipp> {
    if (sippPath === undefined) throw new Error('SIPp is not installed (Debian package sip-tester)');
    const folder = await mkdtemp(join(tmpdir(), 'earpiece-sipp-'));
    const [port, control] = [await freePort(), await freePort()];
    const file = join(folder, `${scenario}.xml`);
    const source = await readFile(join(scenarios, `${scenario}.xml`), 'utf8');
    await writeFile(file, source.replaceAll(/ timeout="\d+"/g, ` timeout="${options.holdMs ?? 1000}"`));
    const child = new Child(sippPath, argumentsOf(file, folder, port, control, options), folder);
    const sipp = new Sipp(child, folder, port);
    if (scenario.startsWith('uas') && options.protocol !== 'tcp') await Promise.race([listening(port), sipp.finished]);
    return sipp;
  }

  get address(): string {
    return '127.0.0.1';
  }

  /** Ends it now, and the calls it has with it. */
  async stop(): Promise<SippResult> {
    await this.#child.end();
    return this.finished;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #result(): Promise<SippResult> {
    const exitCode = await this.#child.exited;
    const files = await readdir(this.#folder);
    const read = async (end: string): Promise<string> => {
      const name = files.find((each) => each.endsWith(end));
      return name === undefined ? '' : readFile(join(this.#folder, name), 'utf8');
    };
    const [table, times, errors] = [await read('stat.csv'), await read('_rtt.csv'), await read('errors.log')];
    await rm(this.#folder, { recursive: true });
    const statistics = lastRow(table);
    const count = (column: string) => Number(statistics.get(column) ?? 0);
    return {
      exitCode,
      created: count('TotalCallCreated'),
      successful: count('SuccessfulCall(C)'),
      failed: count('FailedCall(C)'),
      retransmissions: count('Retransmissions(C)'),
      responseTimes: times
        .split('\n')
        .slice(1)
        .filter(Boolean)
        .map((line) => Number(line.split(';')[1])),
      errors: errors === '' && statistics.size === 0 ? this.#child.output : errors,
      statistics,
    };
  }
}

function argumentsOf(file: string, folder: string, port: number, control: number, options: SippOptions): string[] {
  const {
    remote,
    user = 'service',
    audio = { address: '127.0.0.1', port: 9 },
    calls = 1,
    rate = 10,
    credentials,
  } = options;
  const keys = { caller: 'customer', audio_ip: audio.address, audio_port: String(audio.port), ...options.keys };
  return [
    ...['-sf', file, '-nostdin', '-i', '127.0.0.1', '-p', String(port), '-cp', String(control)],
    ...['-t', options.protocol === 'tcp' ? 't1' : 'u1', '-s', user, '-m', String(calls), '-r', String(rate)],
    ...['-d', String(options.holdMs ?? 1000), '-timeout', `${options.timeoutSeconds ?? 30}s`, '-timeout_error'],
    ...['-trace_err', '-error_file', join(folder, 'errors.log'), '-trace_stat', '-stf', join(folder, 'stat.csv')],
    ...['-trace_rtt', '-rtt_freq', '1'],
    ...(credentials === undefined ? [] : ['-au', credentials.username, '-ap', credentials.password]),
    ...Object.entries({ ...keys, ...(options.caller === undefined ? {} : { caller: options.caller }) }).flatMap(
      ([key, value]) => ['-key', key, value],
    ),
    ...(remote === undefined ? [] : [`${remote.address}:${remote.port}`]),
  ];
}

function lastRow(table: string): ReadonlyMap<string, string> {
  const rows = table.split('\n').filter(Boolean);
  const values = rows.length < 2 ? [] : (rows.at(-1)?.split(';') ?? []);
  const columns = rows[0]?.split(';') ?? [];
  return new Map(values.flatMap((value, n) => (columns[n] === undefined ? [] : [[columns[n], value] as const])));
}
