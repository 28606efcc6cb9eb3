import { headerKey, usualSpelling } from './header-names.ts';

/**
 * The header fields of a SIP message: ordered, one entry per line, names compared as RFC 3261 7.3.1 wants it
 * (without case, compact forms understood) and written as they were received.
 */
export class SipHeaders {
  #names: string[] = [];
  #keys: string[] = [];
  #values: string[] = [];

  /** Headers in the order of the object's keys; an array makes one line per element. */
  static from(fields: Readonly<Record<string, string | readonly string[]>>): SipHeaders {
    const headers = new SipHeaders();
    for (const [name, value] of Object.entries(fields)) headers.set(name, value);
    return headers;
  }

  /** The first line of that name. */
  get(name: string): string | undefined {
    const at = this.#keys.indexOf(headerKey(name));
    return at < 0 ? undefined : this.#values[at];
  }

  /** Every line of that name, top first; a line may itself be a comma-separated list (see `splitList`). */
  getAll(name: string): string[] {
    const key = headerKey(name);
    return this.#values.filter((_, at) => this.#keys[at] === key);
  }

  has(name: string): boolean {
    return this.#keys.includes(headerKey(name));
  }

  /** Replaces all lines of that name, at the place of the first one. An empty array deletes. */
  set(name: string, value: string | readonly string[]): void {
    const key = headerKey(name);
    const at = this.#keys.indexOf(key);
    const lines = typeof value === 'string' ? [value] : value;
    if (at < 0) {
      for (const line of lines) this.append(name, line);
      return;
    }
    if (lines.length === 1 && this.#keys.indexOf(key, at + 1) < 0) {
      this.#values[at] = lines[0] ?? '';
      return;
    }
    const spelling = this.#names[at] ?? name;
    this.delete(name);
    this.#names.splice(at, 0, ...lines.map(() => spelling));
    this.#keys.splice(at, 0, ...lines.map(() => key));
    this.#values.splice(at, 0, ...lines);
  }

  append(name: string, value: string): void {
    this.#names.push(name);
    this.#keys.push(headerKey(name));
    this.#values.push(value);
  }

  /** Puts a line above all others of its name: at the top of the block when it is the first of its kind. */
  prepend(name: string, value: string): void {
    const key = headerKey(name);
    const at = Math.max(0, this.#keys.indexOf(key));
    this.#names.splice(at, 0, name);
    this.#keys.splice(at, 0, key);
    this.#values.splice(at, 0, value);
  }

  /** Replaces the first line of that name only: the top Via when `received` is noted in it, say. */
  replaceFirst(name: string, value: string): void {
    const at = this.#keys.indexOf(headerKey(name));
    if (at < 0) this.prepend(name, value);
    else this.#values[at] = value;
  }

  delete(name: string): void {
    const key = headerKey(name);
    if (!this.#keys.includes(key)) return;
    const kept = this.#keys.map((each) => each !== key);
    this.#names = this.#names.filter((_, at) => kept[at]);
    this.#values = this.#values.filter((_, at) => kept[at]);
    this.#keys = this.#keys.filter((_, at) => kept[at]);
  }

  /** Name as spelled and value, in order. */
  *entries(): IterableIterator<[string, string]> {
    for (let at = 0; at < this.#names.length; at += 1) yield [this.#names[at] ?? '', this.#values[at] ?? ''];
  }

  clone(): SipHeaders {
    const copy = new SipHeaders();
    copy.#names = this.#names.slice();
    copy.#keys = this.#keys.slice();
    copy.#values = this.#values.slice();
    return copy;
  }

  /** The header block without the closing empty line; Content-Length is the given one, always last. */
  serialize(contentLength: number): string {
    let text = '';
    for (let at = 0; at < this.#names.length; at += 1) {
      if (this.#keys[at] !== 'content-length') text += `${this.#names[at] ?? ''}: ${this.#values[at] ?? ''}\r\n`;
    }
    return `${text}Content-Length: ${contentLength}\r\n`;
  }

  /** A copy with well-known names in their usual spelling, `cseq` as `CSeq`. */
  withUsualSpelling(): SipHeaders {
    const copy = this.clone();
    copy.#names = copy.#names.map(usualSpelling);
    return copy;
  }
}
