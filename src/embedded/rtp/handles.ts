/** The main thread's handles of a stream and a mix: each method is one command to the worker. */
import type {
  Digit,
  MediaStream,
  MemberFlags,
  Mix,
  PlayOutcome,
  PlaySource,
  StreamConfiguration,
  StreamStats,
} from './media.ts';
import type { WorkerClient } from './worker-client.ts';

export class StreamHandle implements MediaStream {
  readonly id: string;
  readonly port: number;
  readonly ssrc: number;
  readonly #worker: WorkerClient;
  readonly #onClosed: () => void;
  readonly #digitHandlers: ((digit: Digit) => void)[] = [];
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

  play(source: PlaySource): Promise<PlayOutcome> {
    return this.#worker.call('play', { stream: this.id, source });
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

  sendDigits(digits: string, ms = 100): Promise<void> {
    return this.#worker.call('sendDigits', { stream: this.id, digits, ms });
  }

  onDigit(handler: (digit: Digit) => void): void {
    this.#digitHandlers.push(handler);
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

  play(source: PlaySource, member?: MediaStream): Promise<PlayOutcome> {
    return this.#worker.call('mixPlay', { mix: this.id, source, ...(member ? { member: member.id } : {}) });
  }

  stopPlayback(): Promise<void> {
    return this.#worker.call('mixStopPlayback', { mix: this.id });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#worker.open) await this.#worker.call('closeMix', { mix: this.id });
  }
}
