/** A SIP URI (RFC 3261 19.1), as far as routing needs it. */
export interface SipUri {
  readonly scheme: 'sip' | 'sips';
  /** As written: escapes are kept. */
  readonly user: string | undefined;
  readonly host: string;
  readonly port: number | undefined;
  /** By name in lower case; flags have the empty string. */
  readonly params: ReadonlyMap<string, string>;
}

const SIP_URI =
  /^(sips?):(?:([^@\s<>]*)@)?(\[[\da-f:.]+\]|[^:;?@\s<>[\]]+)(?::(\d{1,5}))?((?:;[^?\s<>]*)?)(?:\?\S*)?$/i;

export function parseSipUri(text: string): SipUri | undefined {
  const [, scheme, userInfo, host, port, params = ''] = SIP_URI.exec(text.trim()) ?? [];
  if (scheme === undefined || host === undefined) return undefined;
  return {
    scheme: scheme.toLowerCase() === 'sips' ? 'sips' : 'sip',
    user: userInfo?.split(':')[0],
    host: host.toLowerCase(),
    port: port === undefined ? undefined : Number(port),
    params: parseParams(params),
  };
}

/** Parameters of a URI or a header value: `;name=value;flag`. */
export function parseParams(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, name = '', quoted, plain] of text.matchAll(
    /;\s*([^=;\s]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]*)))?/g,
  )) {
    found.set(name.toLowerCase(), quoted ?? plain ?? '');
  }
  return found;
}

/** A name-addr or addr-spec with its header parameters (RFC 3261 20.10). */
export interface NameAddr {
  /** As written, with its quotes. */
  readonly display: string | undefined;
  readonly uri: string;
  readonly params: ReadonlyMap<string, string>;
}

export function parseNameAddr(text: string): NameAddr | undefined {
  const bracketed = /^\s*((?:"(?:[^"\\]|\\.)*"|[^"<]*?))\s*<([^<>]*)>(.*)$/s.exec(text);
  if (bracketed !== null) {
    const [, display = '', uri = '', params = ''] = bracketed;
    return { display: display === '' ? undefined : display, uri: uri.trim(), params: parseParams(params) };
  }
  // Without brackets everything after the first semicolon belongs to the header (20.10).
  const [, uri, params = ''] = /^\s*([^\s;<>"]+)\s*(;.*)?$/s.exec(text) ?? [];
  return uri === undefined ? undefined : { display: undefined, uri, params: parseParams(params) };
}

/** The telephone number or name in a URI: the user part of sip:, the number of tel:. Escapes are resolved. */
export function userOf(uri: string): string | undefined {
  const raw = /^tel:/i.test(uri) ? uri.slice(4) : parseSipUri(uri)?.user;
  const user = raw?.split(';')[0];
  if (user === undefined || user === '') return undefined;
  return /%(?![\da-f]{2})/i.test(user) ? user : decoded(user);
}

function decoded(user: string): string {
  try {
    return decodeURIComponent(user);
  } catch (error) {
    if (error instanceof URIError) return user; // Escaped, but not UTF-8: compared as written.
    throw error;
  }
}

/** The text of a display name without its quotes and escapes. */
export function displayText(display: string | undefined): string | undefined {
  if (display === undefined) return undefined;
  const text = display
    .replace(/^"(.*)"$/s, '$1')
    .replaceAll(/\\(.)/gs, '$1')
    .trim();
  return text === '' ? undefined : text;
}

/** The elements of a header that is a list; commas inside quotes and brackets do not separate. */
export function splitList(text: string): string[] {
  const elements = text.match(/(?:"(?:[^"\\]|\\.)*"|<[^>]*>|[^,"<])+/g) ?? [];
  return elements.map((element) => element.trim()).filter((element) => element !== '');
}
