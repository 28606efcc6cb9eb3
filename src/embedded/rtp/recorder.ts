import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { FRAME_SAMPLES } from './frame.ts';
import { wavHeader } from './wav.ts';

/** Written in pieces of one second. */
const FRAMES_PER_PIECE = 50;

/** `both`: left what the leg says, right what it hears. `sum`: one channel for the two. `said`: the leg alone. */
export type RecordedSide = 'both' | 'sum' | 'said';

/** One WAV file: written under another name, and moved to its own when it is complete. */
export class Recorder {
  readonly path: string;
  readonly #partPath: string;
  readonly #file: FileHandle;
  readonly #side: RecordedSide;
  readonly #channels: 1 | 2;
  #piece: Int16Array;
  #inPiece = 0;
  #samples = 0;
  /** Nothing of what comes is written but silence. */
  masked = false;
  #writing: Promise<unknown>;
  #failure: unknown;

  private constructor(path: string, partPath: string, file: FileHandle, side: RecordedSide) {
    this.path = path;
    this.#partPath = partPath;
    this.#file = file;
    this.#side = side;
    this.#channels = side === 'both' ? 2 : 1;
    this.#piece = new Int16Array(FRAMES_PER_PIECE * FRAME_SAMPLES * this.#channels);
    this.#writing = this.#append(wavHeader(this.#channels, 0));
  }

  /** @throws when the file cannot be made */
  static async open(path: string, side: RecordedSide): Promise<Recorder> {
    const partPath = `${path}.part`;
    return new Recorder(path, partPath, await open(partPath, 'w'), side);
  }

  /** Of each channel, so far. */
  get samples(): number {
    return this.#samples;
  }

  /** One frame of what the leg said and of what it heard; nothing = silence. */
  write(said: Int16Array | undefined, heard: Int16Array | undefined): void {
    const piece = this.#piece;
    let at = this.#inPiece * FRAME_SAMPLES * this.#channels;
    for (let i = 0; i < FRAME_SAMPLES; i++) {
      const left = this.masked ? 0 : (said?.[i] ?? 0);
      const right = this.masked || this.#side === 'said' ? 0 : (heard?.[i] ?? 0);
      if (this.#channels === 2) {
        piece[at++] = left;
        piece[at++] = right;
      } else piece[at++] = Math.max(-32768, Math.min(32767, left + right));
    }
    this.#samples += FRAME_SAMPLES;
    if (++this.#inPiece === FRAMES_PER_PIECE) this.#flush();
  }

  /** @throws what went wrong while writing; then there is no file. @returns the samples per channel */
  async stop(): Promise<{ samples: number }> {
    if (this.#inPiece > 0) this.#flush();
    await this.#writing;
    try {
      if (this.#failure !== undefined) throw this.#failure as Error;
      await this.#file.write(wavHeader(this.#channels, this.#samples), 0, undefined, 0);
    } catch (error) {
      await this.#file.close();
      await unlink(this.#partPath);
      throw error;
    }
    await this.#file.close();
    await rename(this.#partPath, this.path);
    return { samples: this.#samples };
  }

  #flush(): void {
    const { buffer, byteOffset } = this.#piece;
    const bytes = this.#inPiece * FRAME_SAMPLES * this.#channels * 2;
    const full = Buffer.from(buffer, byteOffset, bytes);
    this.#piece = new Int16Array(FRAMES_PER_PIECE * FRAME_SAMPLES * this.#channels);
    this.#inPiece = 0;
    this.#writing = this.#writing.then(() => this.#append(full));
  }

  async #append(bytes: Buffer): Promise<void> {
    if (this.#failure !== undefined) return;
    try {
      await this.#file.appendFile(bytes);
    } catch (error) {
      // Told when the recording is stopped: nobody listens before.
      this.#failure = error;
    }
  }
}
