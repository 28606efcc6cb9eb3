import { SipParseError } from './parse-error.ts';

/** Parameters behind semicolons, in order; names in lower case, a flag has the value ''. */
export type Params = Map<string, string>;

export interface SipUri {
  readonly scheme: string;
  /** User part as written (escapes kept); for `tel:` the number. */
  readonly user?: string;
  readonly password?: string;
  /** Lower-case host; an IPv6 address without its brackets; '' for `tel:`. */
  readonly host: string;
  readonly port?: number;
  readonly params: Params;
  /** What follows '?', as written. */
  readonly headers?: string;
}

export interface NameAddr {
  readonly displayName?: string;
  /** The URI as written; `parseUri` takes it apart. */
  readonly uri: string;
  /** Header parameters, `tag` among them. */
  readonly params: Params;
}

/** Where a top-level occurrence of `wanted` is, outside "…" and <…>; -1 when there is none. */
function indexOutsideQuotes(text: string, wanted: string, from: number): number {
  let quoted = false;
  let bracketed = false;
  for (let at = from; at < text.length; at += 1) {
    const char = text[at];
    if (quoted) {
      if (char === '\\') at += 1;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === wanted && !bracketed) return at;
    else if (char === '<') bracketed = true;
    else if (char === '>') bracketed = false;
  }
  return -1;
}

/** Splits a comma-separated header value (RFC 3261 7.3.1), leaving commas in quotes and brackets alone. */
export function splitList(value: string): string[] {
  if (!value.includes(',')) return [value];
  const parts: string[] = [];
  let from = 0;
  for (let at = indexOutsideQuotes(value, ',', 0); at >= 0; at = indexOutsideQuotes(value, ',', from)) {
    parts.push(value.slice(from, at).trim());
    from = at + 1;
  }
  parts.push(value.slice(from).trim());
  return parts.filter((part) => part !== '');
}

/** Reads `;name=value;flag` from `from` on. */
export function parseParams(text: string, from: number): Params {
  const params = noParams();
  let at = from;
  while (at >= 0 && at < text.length) {
    const next = indexOutsideQuotes(text, ';', at);
    const part = text.slice(at, next < 0 ? undefined : next).trim();
    at = next < 0 ? -1 : next + 1;
    if (part === '') continue;
    const equals = part.indexOf('=');
    if (equals < 0) params.set(part.toLowerCase(), '');
    else params.set(part.slice(0, equals).trim().toLowerCase(), part.slice(equals + 1).trim());
  }
  return params;
}

const noParams = (): Params => new Map<string, string>();

/** `;name=value;flag`, '' when there are none. */
export function formatParams(params: Params): string {
  let text = '';
  for (const [name, value] of params) text += value === '' ? `;${name}` : `;${name}=${value}`;
  return text;
}

/** Reads `host`, `host:port`, `[v6]:port`. */
function parseHostPort(text: string): { host: string; port?: number } {
  const bracket = text.startsWith('[') ? text.indexOf(']') : 0;
  if (bracket < 0) throw new SipParseError('unclosed IPv6 address');
  const colon = text.indexOf(':', bracket);
  const written = colon < 0 ? text : text.slice(0, colon);
  const host = (bracket > 0 ? written.slice(1, -1) : written).toLowerCase();
  if (host === '' || /[\s<>"@;,]/.test(host)) throw new SipParseError(`bad host '${text}'`);
  if (colon < 0) return { host };
  const digits = text.slice(colon + 1).trim();
  const port = Number(digits);
  if (!/^\d{1,5}$/.test(digits) || port > 65_535) throw new SipParseError(`bad port '${digits}'`);
  return { host, port };
}

const formatHost = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/** `host` or `host:port`, IPv6 in brackets. */
export function formatHostPort(host: string, port?: number): string {
  return port === undefined ? formatHost(host) : `${formatHost(host)}:${port}`;
}

/**
 * Takes a SIP, SIPS or tel URI apart (RFC 3261 19.1, RFC 3966).
 * @throws SipParseError 400 when it has no scheme, a bad host or a bad port; 416 for any other scheme.
 */
export function parseUri(text: string): SipUri {
  const colon = text.indexOf(':');
  if (colon <= 0 || !/^[a-z][a-z0-9+.-]*$/i.test(text.slice(0, colon))) throw new SipParseError(`no URI: '${text}'`);
  const scheme = text.slice(0, colon).toLowerCase();
  if (/\s/.test(text)) throw new SipParseError(`blank in URI '${text}'`);
  if (scheme === 'tel') {
    const end = text.indexOf(';');
    const user = text.slice(colon + 1, end < 0 ? undefined : end);
    return { scheme, user, host: '', params: end < 0 ? noParams() : parseParams(text, end + 1) };
  }
  if (scheme !== 'sip' && scheme !== 'sips') throw new SipParseError(`unsupported scheme '${scheme}'`, 416);
  // A user part may contain ';' and '?' (RFC 3261 25.1): it ends at the last '@' before the host.
  const at = text.lastIndexOf('@');
  const question = text.indexOf('?', at < 0 ? colon : at);
  const headers = question < 0 ? undefined : text.slice(question + 1);
  const end = question < 0 ? text.length : question;
  const semicolon = text.indexOf(';', at < 0 ? colon : at);
  const hostEnd = semicolon < 0 || semicolon > end ? end : semicolon;
  const hostPort = parseHostPort(text.slice((at < 0 ? colon : at) + 1, hostEnd));
  const params: Params = hostEnd < end ? parseParams(text.slice(0, end), hostEnd + 1) : noParams();
  const userInfo = at < 0 ? undefined : text.slice(colon + 1, at);
  const secret = userInfo?.indexOf(':') ?? -1;
  return {
    scheme,
    ...hostPort,
    params,
    ...(userInfo === undefined ? {} : { user: secret < 0 ? userInfo : userInfo.slice(0, secret) }),
    ...(userInfo === undefined || secret < 0 ? {} : { password: userInfo.slice(secret + 1) }),
    ...(headers === undefined ? {} : { headers }),
  };
}

export function formatUri(uri: SipUri): string {
  if (uri.scheme === 'tel') return `tel:${uri.user ?? ''}${formatParams(uri.params)}`;
  const secret = uri.password === undefined ? '' : `:${uri.password}`;
  const user = uri.user === undefined ? '' : `${uri.user}${secret}@`;
  const headers = uri.headers === undefined ? '' : `?${uri.headers}`;
  return `${uri.scheme}:${user}${formatHostPort(uri.host, uri.port)}${formatParams(uri.params)}${headers}`;
}

/**
 * Reads From, To, Contact, Route and their like: `"Name" <uri>;params` or `uri;params`. Without brackets the
 * parameters are the header's, not the URI's (RFC 3261 20.10).
 * @throws SipParseError when a quote or a bracket is not closed, or the URI is missing.
 */
export function parseNameAddr(value: string): NameAddr {
  const open = indexOutsideQuotes(value, '<', 0);
  if (open < 0) {
    if (value.includes('"') && !value.includes(';')) throw new SipParseError(`bad address '${value}'`);
    const end = value.indexOf(';');
    const uri = value.slice(0, end < 0 ? undefined : end).trim();
    if (uri === '' || /[\s"<>]/.test(uri)) throw new SipParseError(`bad address '${value}'`);
    return { uri, params: end < 0 ? noParams() : parseParams(value, end + 1) };
  }
  const close = value.indexOf('>', open);
  const uri = value.slice(open + 1, close).trim();
  if (close < 0 || uri === '') throw new SipParseError(`bad address '${value}'`);
  const name = value.slice(0, open).trim();
  const params = parseParams(value, close + 1);
  if (name === '') return { uri, params };
  const quoted = name.startsWith('"') && name.endsWith('"') && name.length > 1;
  return { displayName: quoted ? name.slice(1, -1).replace(/\\(.)/g, '$1') : name, uri, params };
}

/** `"Name" <uri>;params`; the brackets are always written, the name is always quoted. */
export function formatNameAddr(address: NameAddr): string {
  const name = address.displayName === undefined ? '' : `"${address.displayName.replace(/["\\]/g, '\\$&')}" `;
  return `${name}<${address.uri}>${formatParams(address.params)}`;
}

/** The `tag` of a From or To value, '' when it has none. */
export function tagOf(value: string | undefined): string {
  if (value === undefined || !/tag/i.test(value)) return '';
  return parseNameAddr(value).params.get('tag') ?? '';
}

/** `value` without its tag, in brackets: what a dialog keeps of From and To. */
export function withoutTag(value: string): string {
  const address = parseNameAddr(value);
  const params = new Map(address.params);
  params.delete('tag');
  return formatNameAddr({ ...address, params });
}

export interface Via {
  /** 'UDP', 'TCP', …, in upper case. */
  readonly transport: string;
  readonly host: string;
  readonly port?: number;
  readonly params: Params;
}

/** Reads one Via value: `SIP/2.0/UDP host:port;branch=…` (blanks allowed around the slashes, RFC 3261 25.1). */
export function parseVia(value: string): Via {
  const semicolon = value.indexOf(';');
  const head = value.slice(0, semicolon < 0 ? undefined : semicolon).trim();
  const blank = Math.max(head.lastIndexOf(' '), head.lastIndexOf('\t'));
  const protocol = head.slice(0, blank).split('/');
  const transport = protocol[2]?.trim().toUpperCase() ?? '';
  if (blank < 0 || protocol.length !== 3 || transport === '') throw new SipParseError(`bad Via '${value}'`);
  const params: Params = semicolon < 0 ? noParams() : parseParams(value, semicolon + 1);
  return { transport, ...parseHostPort(head.slice(blank + 1)), params };
}

export function formatVia(via: Via): string {
  return `SIP/2.0/${via.transport} ${formatHostPort(via.host, via.port)}${formatParams(via.params)}`;
}

/** Reads CSeq; the number fits in 31 bits (RFC 3261 8.1.1.5). */
export function parseCSeq(value: string): { readonly number: number; readonly method: string } {
  const blank = value.search(/[ \t]/);
  const digits = value.slice(0, Math.max(0, blank));
  const method = value.slice(blank + 1).trim();
  const number = Number(digits);
  if (!/^\d{1,10}$/.test(digits) || number >= 2 ** 31 || method === '') throw new SipParseError(`bad CSeq '${value}'`);
  return { number, method };
}
