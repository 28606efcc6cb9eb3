/** Cuts a stream into netstrings, `5:hello,` (D. J. Bernstein, 1997). */
export class NetstringReader {
  #rest: Buffer = Buffer.alloc(0);

  /** @throws Error when the stream is something else. */
  read(chunk: Buffer): string[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const strings: string[] = [];
    for (;;) {
      const colon = this.#rest.indexOf(':');
      if (colon < 0) return strings;
      const length = Number(this.#rest.toString('latin1', 0, colon));
      if (!Number.isInteger(length)) throw new Error('no netstring');
      const end = colon + 1 + length;
      if (this.#rest.length <= end) return strings;
      strings.push(this.#rest.toString('utf8', colon + 1, end));
      this.#rest = this.#rest.subarray(end + 1);
    }
  }
}

export const netstring = (text: string): string => `${Buffer.byteLength(text)}:${text},`;
