import { FRAME_SAMPLES, SAMPLES_PER_MS } from './frame.ts';
import type { Recorded, RecordingEnd, RecordingLimits } from './media.ts';
import { Recorder, type RecordedSide } from './recorder.ts';
import { meanMagnitude } from './talk-detector.ts';

/** Looks for the end of a recording that ends by itself. */
class Watch {
  readonly #limits: RecordingLimits;
  readonly ended: Promise<RecordingEnd>;
  #end: (why: RecordingEnd) => void = () => undefined;
  #quiet = 0;

  constructor(limits: RecordingLimits) {
    this.#limits = limits;
    this.ended = new Promise((resolve) => (this.#end = resolve));
  }

  /** @param samples how many there are by now */
  look(said: Int16Array | undefined, samples: number): void {
    const { ms, silence } = this.#limits;
    if (ms !== undefined && samples >= ms * SAMPLES_PER_MS) this.#end('limit');
    if (silence === undefined) return;
    const quiet = said === undefined || meanMagnitude(said) < silence.threshold;
    this.#quiet = quiet ? this.#quiet + FRAME_SAMPLES : 0;
    if (this.#quiet >= silence.ms * SAMPLES_PER_MS) this.#end('silence');
  }

  stop(): void {
    this.#end('stopped');
  }
}

interface Recording {
  readonly recorder: Recorder;
  readonly watch: Watch | undefined;
}

/** The recordings of one leg, by the path of their files. */
export class Recordings {
  readonly #byPath = new Map<string, Recording>();
  readonly #onChange: () => void;
  #closed = false;

  /** @param onChange called when one begins or ends */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  get any(): boolean {
    return this.#byPath.size > 0;
  }

  /** @throws when it is recorded to already, or cannot be made */
  async start(path: string, what: RecordedSide): Promise<void> {
    await this.#open(path, what, undefined);
  }

  /** Records what the leg says until a limit is reached or it is stopped, and resolves then. */
  async record(path: string, limits: RecordingLimits): Promise<Recorded> {
    const watch = new Watch(limits);
    const { recorder } = await this.#open(path, 'said', watch);
    const ended = await watch.ended;
    this.#forget(path);
    return { ...(await recorder.stop()), ended };
  }

  async stop(path: string): Promise<{ samples: number }> {
    const { recorder, watch } = this.#at(path);
    if (watch !== undefined) {
      watch.stop();
      return { samples: recorder.samples };
    }
    this.#forget(path);
    return recorder.stop();
  }

  mask(path: string, on: boolean): void {
    this.#at(path).recorder.masked = on;
  }

  write(said: Int16Array | undefined, heard: Int16Array | undefined): void {
    for (const { recorder, watch } of this.#byPath.values()) {
      recorder.write(said, heard);
      watch?.look(said, recorder.samples);
    }
  }

  /** Ends all; those that somebody waits for tell that one. @returns what the others came to */
  async close(): Promise<PromiseSettledResult<unknown>[]> {
    this.#closed = true;
    const all = [...this.#byPath.values()];
    this.#byPath.clear();
    for (const { watch } of all) watch?.stop();
    return Promise.allSettled(all.filter(({ watch }) => watch === undefined).map(({ recorder }) => recorder.stop()));
  }

  async #open(path: string, what: RecordedSide, watch: Watch | undefined): Promise<Recording> {
    if (this.#byPath.has(path)) throw new Error(`already recording to ${path}`);
    const recording = { recorder: await Recorder.open(path, what), watch };
    if (this.#closed) {
      await recording.recorder.stop();
      throw new Error('the stream is closed');
    }
    this.#byPath.set(path, recording);
    this.#onChange();
    return recording;
  }

  #at(path: string): Recording {
    const recording = this.#byPath.get(path);
    if (recording === undefined) throw new Error(`not recording to ${path}`);
    return recording;
  }

  #forget(path: string): void {
    this.#byPath.delete(path);
    this.#onChange();
  }
}
