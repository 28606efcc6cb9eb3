/** A header value: FreeSWITCH keeps arrays as such in JSON and writes them `ARRAY::a|:b` in plain text. */
export type HeaderValue = string | readonly string[];

/** What the event socket carries: named headers in the order they were added, and now and then a body. */
export class SwitchEvent {
  readonly name: string;
  readonly #headers = new Map<string, HeaderValue>();
  #body: string | undefined;
  #plain: string | undefined;
  #json: string | undefined;

  /** `subclass` is for CUSTOM events; FreeSWITCH writes it before the name (measured on 1.10.12). */
  constructor(name: string, subclass?: string) {
    this.name = name;
    if (subclass !== undefined) this.#headers.set('Event-Subclass', subclass);
    this.#headers.set('Event-Name', name);
  }

  set(name: string, value: HeaderValue | number | boolean): this {
    this.#headers.set(name, typeof value === 'number' || typeof value === 'boolean' ? String(value) : value);
    this.#plain = this.#json = undefined;
    return this;
  }

  setAll(headers: Iterable<readonly [string, HeaderValue]>): this {
    for (const [name, value] of headers) this.set(name, value);
    return this;
  }

  setBody(body: string): this {
    this.#body = body;
    this.#plain = this.#json = undefined;
    return this;
  }

  /** Header names are compared without regard to case, as `switch_event_get_header` does. */
  get(name: string): string | undefined {
    const exact = this.#headers.get(name);
    if (exact !== undefined) return flat(exact);
    const wanted = name.toLowerCase();
    for (const [key, value] of this.#headers) if (key.toLowerCase() === wanted) return flat(value);
    return undefined;
  }

  headers(): Iterable<[string, HeaderValue]> {
    return this.#headers;
  }

  /** `name: url-encoded value` lines, an empty line, and the body where there is one. Rendered once for all listeners. */
  toPlain(): string {
    return (this.#plain ??= this.#renderPlain());
  }

  /** One JSON object in header order; the body under `_body`. Rendered once for all listeners. */
  toJson(): string {
    return (this.#json ??= this.#renderJson());
  }

  #renderPlain(): string {
    let text = '';
    for (const [name, value] of this.#headers) text += `${name}: ${encodeHeaderValue(flat(value))}\n`;
    if (this.#body === undefined) return `${text}\n`;
    return `${text}Content-Length: ${Buffer.byteLength(this.#body)}\n\n${this.#body}`;
  }

  #renderJson(): string {
    const fields: Record<string, HeaderValue> = Object.fromEntries(this.#headers);
    if (this.#body !== undefined) {
      fields['Content-Length'] = String(Buffer.byteLength(this.#body));
      fields['_body'] = this.#body;
    }
    return JSON.stringify(fields);
  }
}

function flat(value: HeaderValue): string {
  return typeof value === 'string' ? value : `ARRAY::${value.join('|:')}`;
}

/** FreeSWITCH's SWITCH_URL_UNSAFE and everything that is not printable ASCII; `/`, `,` and `(` stay readable. */
const UNSAFE = /[^\x21-\x7e]|[\r\n #%&+:;<=>?@[\\\]^`{|}"]/gu;

/** Percent-encodes as FreeSWITCH does in plain events and in `connect` replies. */
export function encodeHeaderValue(value: string): string {
  return value.replace(UNSAFE, (character) =>
    Array.from(Buffer.from(character), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}
