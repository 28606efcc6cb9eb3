import { EventEmitter } from 'node:events';
import { MixHandle, StreamHandle } from './handles.ts';
import type { EngineStats, MediaStream, Mix } from './media.ts';
import type { Notice, WorkerOptions } from './protocol.ts';
import { spawnWorker } from './spawn.ts';
import { WorkerClient } from './worker-client.ts';

export type {
  CodecName,
  Digit,
  Direction,
  EngineStats,
  MediaStream,
  MemberFlags,
  Mix,
  Played,
  PlayOutcome,
  PlaySource,
  Recorded,
  RecordingLimits,
  StreamConfiguration,
  StreamStats,
  TransportAddress,
} from './media.ts';

/** The address to bind, and the even RTP ports to take (RTCP on the next one); without a range, any free pair. */
export type EngineOptions = WorkerOptions;

/**
 * The media worker as the main thread sees it: RTP, jitter buffers and mixing run in a thread of their own, so that
 * nothing done here delays a 20 ms tick. A command resolves when the worker has applied it: the next packet obeys it.
 *
 * Emits `error` for what no command asked about: the worker died, a recording could not be written.
 */
export class MediaEngine extends EventEmitter<{ error: [Error] }> {
  readonly #worker: WorkerClient;
  readonly #streams = new Map<string, StreamHandle>();

  private constructor(options: EngineOptions, onReady: (error?: Error) => void) {
    super();
    let starting = true;
    this.#worker = new WorkerClient(spawnWorker(options), (notice) => {
      if (!starting) {
        this.#noticed(notice);
        return;
      }
      starting = false;
      onReady(notice.kind === 'error' ? new Error(notice.error) : undefined);
    });
  }

  /** Resolves when the worker listens to commands; rejects when it cannot be started. */
  static start(options: EngineOptions): Promise<MediaEngine> {
    return new Promise((resolve, reject) => {
      const engine = new MediaEngine(options, (error) => {
        if (error) reject(error);
        else resolve(engine);
      });
    });
  }

  /** Binds a port pair; rejects when none is free. */
  async createStream(): Promise<MediaStream> {
    const opened = await this.#worker.call('createStream', {});
    const stream = new StreamHandle(opened, this.#worker, () => this.#streams.delete(opened.id));
    this.#streams.set(stream.id, stream);
    return stream;
  }

  /** Rejects when a mix of that name exists. */
  async createMix(id: string): Promise<Mix> {
    await this.#worker.call('createMix', { mix: id });
    return new MixHandle(id, this.#worker);
  }

  stats(): Promise<EngineStats> {
    return this.#worker.call('engineStats', {});
  }

  /** Closes every stream and mix and ends the worker. Idempotent. */
  close(): Promise<void> {
    this.#streams.clear();
    return this.#worker.close();
  }

  #noticed(notice: Notice): void {
    switch (notice.kind) {
      case 'digit':
        this.#streams.get(notice.stream)?.heardDigit(notice.digit);
        break;
      case 'talking':
        this.#streams.get(notice.stream)?.talks(notice.talking, notice.energy);
        break;
      case 'timeout':
        this.#streams.get(notice.stream)?.timedOut();
        break;
      case 'error':
        this.emit('error', new Error(notice.error));
        break;
      case 'ready':
        break;
    }
  }
}
