/** The main thread's handles of a stream and a mix: each method is one command to the worker. */
import type {
  Digit,
  MediaStream,
  MemberFlags,
  Mix,
  Played,
  PlaySource,
  Recorded,
  RecordingLimits,
  StreamConfiguration,
  StreamStats,
  TalkHandler,
} from './media.ts';
import type { WorkerClient } from './worker-client.ts';

/** Numbers all that is played, in whatever stream or mix. */
let plays = 0;

/** Stops on the signal; what has ended by itself is not touched any more. */
async function untilAborted(playing: Promise<Played>, signal: AbortSignal | undefined, stop: () => Promise<void>) {
  // Where there is no engine to stop it any more, it is not playing either.
  const onAbort = (): void => void stop().catch(() => undefined);
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted === true) onAbort();
  return playing.finally(() => signal?.removeEventListener('abort', onAbort));
}

export class StreamHandle implements MediaStream {
  readonly id: string;
  readonly port: number;
  readonly ssrc: number;
  readonly #worker: WorkerClient;
  readonly #onClosed: () => void;
  readonly #digitHandlers = new Set<(digit: Digit) => void>();
  readonly #talkHandlers = new Set<TalkHandler>();
  readonly #timeoutHandlers: (() => void)[] = [];
  #closing: Promise<void> | undefined;

  constructor(opened: { id: string; port: number; ssrc: number }, worker: WorkerClient, onClosed: () => void) {
    this.id = opened.id;
    this.port = opened.port;
    this.ssrc = opened.ssrc;
    this.#worker = worker;
    this.#onClosed = onClosed;
  }

  configure(configuration: StreamConfiguration): Promise<void> {
    return this.#worker.call('configure', { stream: this.id, configuration });
  }

  join(mix: Mix, flags: MemberFlags): Promise<void> {
    return this.#worker.call('join', { stream: this.id, mix: mix.id, flags });
  }

  leave(): Promise<void> {
    return this.#worker.call('leave', { stream: this.id });
  }

  setMute(on: boolean): Promise<void> {
    return this.#worker.call('setMute', { stream: this.id, on });
  }

  setDeaf(on: boolean): Promise<void> {
    return this.#worker.call('setDeaf', { stream: this.id, on });
  }

  setVolume(direction: 'in' | 'out', level: number): Promise<void> {
    return this.#worker.call('setVolume', { stream: this.id, direction, level });
  }

  play(source: PlaySource, signal?: AbortSignal): Promise<Played> {
    const at = { stream: this.id, play: ++plays };
    return untilAborted(this.#worker.call('play', { ...at, source }), signal, () =>
      this.#worker.call('stopPlayback', at),
    );
  }

  stopPlayback(): Promise<void> {
    return this.#worker.call('stopPlayback', { stream: this.id });
  }

  startRecording(path: string, options?: { stereo?: boolean }): Promise<void> {
    return this.#worker.call('startRecording', { stream: this.id, path, stereo: options?.stereo ?? false });
  }

  stopRecording(path: string): Promise<{ samples: number }> {
    return this.#worker.call('stopRecording', { stream: this.id, path });
  }

  maskRecording(path: string, on: boolean): Promise<void> {
    return this.#worker.call('maskRecording', { stream: this.id, path, on });
  }

  record(path: string, limits: RecordingLimits): Promise<Recorded> {
    return this.#worker.call('record', { stream: this.id, path, limits });
  }

  watchTalking(threshold: number | undefined): Promise<void> {
    return this.#worker.call('watchTalking', {
      stream: this.id,
      ...(threshold === undefined ? {} : { threshold }),
    });
  }

  onTalking(handler: TalkHandler): () => void {
    this.#talkHandlers.add(handler);
    return () => void this.#talkHandlers.delete(handler);
  }

  sendDigits(digits: string, ms = 100): Promise<void> {
    return this.#worker.call('sendDigits', { stream: this.id, digits, ms });
  }

  onDigit(handler: (digit: Digit) => void): () => void {
    this.#digitHandlers.add(handler);
    return () => void this.#digitHandlers.delete(handler);
  }

  onTimeout(ms: number, handler: () => void): Promise<void> {
    this.#timeoutHandlers.push(handler);
    return this.#worker.call('watchTimeout', { stream: this.id, ms });
  }

  stats(): Promise<StreamStats> {
    return this.#worker.call('streamStats', { stream: this.id });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** The engine passes on what the worker heard. */
  heardDigit(digit: Digit): void {
    for (const handler of this.#digitHandlers) handler(digit);
  }

  talks(talking: boolean, energy: number): void {
    for (const handler of this.#talkHandlers) handler(talking, energy);
  }

  timedOut(): void {
    for (const handler of this.#timeoutHandlers) handler();
  }

  async #close(): Promise<void> {
    this.#onClosed();
    // An engine that is closed took its streams along.
    if (this.#worker.open) await this.#worker.call('closeStream', { stream: this.id });
  }
}

export class MixHandle implements Mix {
  readonly id: string;
  readonly #worker: WorkerClient;
  #closing: Promise<void> | undefined;

  constructor(id: string, worker: WorkerClient) {
    this.id = id;
    this.#worker = worker;
  }

  relate(speaker: MediaStream, listener: MediaStream, hears: boolean): Promise<void> {
    return this.#worker.call('relate', { mix: this.id, speaker: speaker.id, listener: listener.id, hears });
  }

  play(source: PlaySource, options: { member?: MediaStream; signal?: AbortSignal } = {}): Promise<Played> {
    const at = { mix: this.id, play: ++plays };
    const { member, signal } = options;
    const playing = this.#worker.call('mixPlay', { ...at, source, ...(member ? { member: member.id } : {}) });
    return untilAborted(playing, signal, () => this.#worker.call('mixStopPlayback', at));
  }

  stopPlayback(): Promise<void> {
    return this.#worker.call('mixStopPlayback', { mix: this.id });
  }

  startRecording(path: string): Promise<void> {
    return this.#worker.call('mixStartRecording', { mix: this.id, path });
  }

  pauseRecording(path: string, on: boolean): Promise<void> {
    return this.#worker.call('mixPauseRecording', { mix: this.id, path, on });
  }

  stopRecording(path: string): Promise<{ samples: number }> {
    return this.#worker.call('mixStopRecording', { mix: this.id, path });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#worker.open) await this.#worker.call('closeMix', { mix: this.id });
  }
}
