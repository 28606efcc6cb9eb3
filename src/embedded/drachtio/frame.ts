/** A frame of drachtio's control protocol, `<byte length>#<text>`, in UTF-8. */

/** An application may announce at most five digits of length, as with drachtio-server 0.9.10. */
const MAX_LENGTH_DIGITS = 5;
const HASH = 35;

export function encodeFrame(text: string): string {
  return `${Buffer.byteLength(text)}#${text}`;
}

/** What came in is not a frame; the connection cannot be read any further. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/** Cuts the stream of one connection into the texts of its frames. */
export class FrameReader {
  #pending: Buffer = Buffer.alloc(0);

  /**
   * @returns the frames completed by this segment.
   * @throws FrameError when no length can be read.
   */
  push(segment: Buffer): string[] {
    this.#pending = this.#pending.length === 0 ? segment : Buffer.concat([this.#pending, segment]);
    const frames: string[] = [];
    for (let text = this.#take(); text !== undefined; text = this.#take()) frames.push(text);
    return frames;
  }

  #take(): string | undefined {
    const hash = this.#pending.subarray(0, MAX_LENGTH_DIGITS + 1).indexOf(HASH);
    if (hash < 0) {
      if (this.#pending.length > MAX_LENGTH_DIGITS) throw new FrameError('no length');
      return undefined;
    }
    const digits = this.#pending.toString('latin1', 0, hash);
    const length = Number(digits);
    if (!/^\d+$/.test(digits) || length === 0) throw new FrameError(`bad length '${digits}'`);
    const end = hash + 1 + length;
    if (this.#pending.length < end) return undefined;
    const text = this.#pending.toString('utf8', hash + 1, end);
    this.#pending = this.#pending.subarray(end);
    return text;
  }
}
