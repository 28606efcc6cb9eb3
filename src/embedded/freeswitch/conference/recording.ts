import { mkdir, stat } from 'node:fs/promises';
import { dirname, isAbsolute } from 'node:path';
import type { Mix } from '../../rtp/engine.ts';
import type { Maintenance } from './maintenance.ts';

/** One file a conference is recorded to. */
export interface ConferenceRecording {
  readonly path: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

/**
 * The recordings of one conference. They hold what everybody says, relations or not: what is said to one member alone is
 * in them too, as it is on FreeSWITCH.
 */
export class ConferenceRecordings {
  readonly #mix: Promise<Mix>;
  readonly #events: Maintenance;
  #all: readonly ConferenceRecording[] = [];
  /** Files are opened and closed one after the other. */
  #work: Promise<void> = Promise.resolve();

  constructor(mix: Promise<Mix>, events: Maintenance) {
    this.#mix = mix;
    this.#events = events;
  }

  /** The newest first. */
  get all(): readonly ConferenceRecording[] {
    return this.#all;
  }

  has(path: string): boolean {
    return this.#all.some((each) => each.path === path);
  }

  /** Begins soon; an event tells whether it did. */
  start(path: string): void {
    this.#all = [{ path, startedAt: Date.now() }, ...this.#all];
    this.#later(async () => {
      try {
        if (!isAbsolute(path)) throw new Error('a recording wants an absolute path');
        await mkdir(dirname(path), { recursive: true });
        await (await this.#mix).startRecording(path);
        this.#events.publish('start-recording', [['Path', path]]);
      } catch {
        const error = 'File could not be opened for recording';
        this.#events.publish('start-recording', [
          ['Path', path],
          ['Error', error],
        ]);
        this.#forget(path);
        this.#tellStop(path, 0);
      }
    });
  }

  pause(path: string, on: boolean): void {
    this.#later(async () => {
      await (await this.#mix).pauseRecording(path, on);
      this.#events.publish(on ? 'pause-recording' : 'resume-recording', [
        ['Path', path],
        ['Other-Recordings', String(this.#all.length > 0)],
      ]);
    });
  }

  stop(path: string): void {
    this.#forget(path);
    this.#later(async () => {
      const { samples } = await (await this.#mix).stopRecording(path);
      const { size } = await stat(path);
      this.#tellStop(path, samples, size);
    });
  }

  /** Ends all; resolves when the files are complete. */
  async close(): Promise<void> {
    for (const { path } of this.#all) this.stop(path);
    await this.#work;
  }

  #forget(path: string): void {
    this.#all = this.#all.filter((each) => each.path !== path);
  }

  #tellStop(path: string, samples: number, size?: number): void {
    this.#events.publish('stop-recording', [
      ['Path', path],
      ['Other-Recordings', String(this.#all.length > 0)],
      ['Samples-Out', String(samples)],
      ['Samplerate', '8000'],
      ['Milliseconds-Elapsed', String(Math.floor(samples / 8))],
      ...(size === undefined ? [] : [['Record-File-Size', String(size)] as const]),
    ]);
  }

  #later(work: () => Promise<void>): void {
    // What fails has nobody to be told: the engine is gone, or the disk is full.
    this.#work = this.#work.then(work).catch(() => undefined);
  }
}
