import { SipHeaders } from './headers.ts';
import { parseCSeq, parseNameAddr, parseVia, splitList, tagOf } from './address.ts';
import type { SipMessage, SipRequest, SipResponse } from './message-types.ts';
import { SipParseError } from './parse-error.ts';
import { reasonPhrase } from './reason-phrases.ts';

export type { SipMessage, SipRequest, SipResponse } from './message-types.ts';

const VERSION = 'SIP/2.0';
const methodToken = /^[A-Za-z0-9\-.!%*_+`'~]+$/;
const headerToken = /^[A-Za-z0-9\-.!%*_+`'~]+$/;
const mandatory = ['via', 'from', 'to', 'call-id', 'cseq'] as const;

/**
 * Reads one complete message (RFC 3261 7). Headers are split once; their values are taken apart by whoever
 * needs them. Bytes after Content-Length are left out (18.3); a body shorter than that is an error.
 * @throws SipParseError, and nothing else, whatever the bytes are.
 */
export function parseMessage(raw: Uint8Array | string): SipMessage {
  const text = typeof raw === 'string' ? raw : textOf(raw);
  const headEnd = text.indexOf('\r\n\r\n');
  const firstEnd = text.indexOf('\r\n');
  if (headEnd < 0) throw new SipParseError('no end of the headers', 400, partialRequest(text, firstEnd));
  const startLine = text.slice(0, firstEnd);
  const headers = parseHeaders(text, firstEnd + 2, headEnd);
  const message = startLine.startsWith(VERSION) ? responseHead(startLine, headers) : requestHead(startLine, headers);
  try {
    checkMandatory(message);
    return { ...message, body: bodyOf(text, headEnd + 4, headers) };
  } catch (error) {
    if (error instanceof SipParseError) throw new SipParseError(error.message, error.status, answerable(message));
    throw error;
  }
}

/**
 * Reads what an application hands in to be completed: a start line, some headers, and all that follows as the body.
 * @throws SipParseError when there is no start line or a line is no header.
 */
export function parseDraft(text: string): SipMessage {
  const headEnd = text.indexOf('\r\n\r\n');
  const head = headEnd < 0 ? text.trimEnd() : text.slice(0, headEnd);
  const firstEnd = head.indexOf('\r\n');
  const startLine = firstEnd < 0 ? head : head.slice(0, firstEnd);
  const headers = firstEnd < 0 ? new SipHeaders() : parseHeaders(head, firstEnd + 2, head.length);
  const broken = headers.get(BROKEN_LINE);
  if (broken !== undefined) throw new SipParseError(`no header: '${broken}'`);
  const message = startLine.startsWith(VERSION) ? responseHead(startLine, headers) : requestHead(startLine, headers);
  return { ...message, body: headEnd < 0 ? '' : text.slice(headEnd + 4) };
}

/** UTF-8, as SIP headers and nearly all bodies are; Buffer.toString does not need a decoder per message. */
function textOf(raw: Uint8Array): string {
  return Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('utf8');
}

function parseHeaders(text: string, from: number, end: number): SipHeaders {
  const headers = new SipHeaders();
  let at = from;
  while (at < end) {
    let lineEnd = text.indexOf('\r\n', at);
    if (lineEnd < 0 || lineEnd > end) lineEnd = end;
    let line = text.slice(at, lineEnd);
    at = lineEnd + 2;
    // A line that begins with a blank continues the one before (RFC 3261 7.3.1).
    while (at < end && (text[at] === ' ' || text[at] === '\t')) {
      let next = text.indexOf('\r\n', at);
      if (next < 0 || next > end) next = end;
      line += ` ${text.slice(at, next).trim()}`;
      at = next + 2;
    }
    appendLine(headers, line);
  }
  return headers;
}

/** A line that is no header at all is remembered under an impossible name and refused once there is someone to answer. */
function appendLine(headers: SipHeaders, line: string): void {
  const colon = line.indexOf(':');
  const name = line.slice(0, Math.max(0, colon)).trimEnd();
  if (!headerToken.test(name) || line.includes('\n') || line.includes('\r'))
    headers.append(BROKEN_LINE, line.slice(0, 80));
  else headers.append(name, line.slice(colon + 1).trim());
}

const BROKEN_LINE = ':';

function requestHead(startLine: string, headers: SipHeaders): SipRequest {
  const first = startLine.indexOf(' ');
  const last = startLine.lastIndexOf(' ');
  const method = startLine.slice(0, Math.max(0, first));
  const uri = startLine.slice(first + 1, last);
  const version = startLine.slice(last + 1);
  if (!methodToken.test(method)) throw new SipParseError('no start line');
  const head: SipRequest = { kind: 'request', method, uri, headers, body: '' };
  if (version.toUpperCase() !== VERSION) {
    throw new SipParseError(`version '${version}'`, /^SIP\/\d/i.test(version) ? 505 : 400, answerable(head));
  }
  if (first === last || uri === '' || /[\s<>]/.test(uri)) {
    throw new SipParseError('bad request-URI', 400, answerable(head));
  }
  return head;
}

function responseHead(startLine: string, headers: SipHeaders): SipResponse {
  const digits = startLine.slice(8, 11);
  const status = Number(digits);
  if (startLine[7] !== ' ' || !/^[1-6]\d\d$/.test(digits) || (startLine.length > 11 && startLine[11] !== ' ')) {
    throw new SipParseError('bad status line');
  }
  return { kind: 'response', status, reason: startLine.slice(12), headers, body: '' };
}

function checkMandatory(message: SipMessage): void {
  const { headers } = message;
  const broken = headers.get(BROKEN_LINE);
  if (broken !== undefined) throw new SipParseError(`no header: '${broken}'`);
  for (const name of mandatory) {
    if (!headers.has(name)) throw new SipParseError(`no ${name}`);
    if (name !== 'via' && headers.getAll(name).length > 1) throw new SipParseError(`more than one ${name}`);
  }
  if (headers.get('call-id') === '') throw new SipParseError('empty call-id');
  const cseq = parseCSeq(headers.get('cseq') ?? '');
  if (message.kind === 'request' && cseq.method !== message.method) {
    throw new SipParseError(`CSeq of ${cseq.method} in ${message.method}`);
  }
  parseVia(splitList(headers.get('via') ?? '')[0] ?? '');
  parseNameAddr(headers.get('from') ?? '');
  parseNameAddr(headers.get('to') ?? '');
}

function bodyOf(text: string, from: number, headers: SipHeaders): string {
  const declared = headers.get('content-length');
  const rest = text.slice(from);
  if (declared === undefined) return rest;
  if (!/^\d{1,9}$/.test(declared) || headers.getAll('content-length').some((each) => each !== declared)) {
    throw new SipParseError(`bad Content-Length '${declared}'`);
  }
  const wanted = Number(declared);
  // Most bodies end where the datagram ends and are ASCII: then characters are bytes.
  const length = Buffer.byteLength(rest);
  if (length < wanted) throw new SipParseError(`body of ${length} bytes instead of ${wanted}`);
  return length === wanted ? rest : Buffer.from(rest).subarray(0, wanted).toString('utf8');
}

/** Only a request other than ACK can be answered, and only when its Via says where to. */
function answerable(message: SipMessage): SipRequest | undefined {
  if (message.kind !== 'request' || message.method === 'ACK') return undefined;
  const via = message.headers.get('via');
  return via !== undefined && message.headers.has('call-id') && message.headers.has('cseq') ? message : undefined;
}

function partialRequest(text: string, firstEnd: number): SipRequest | undefined {
  if (firstEnd < 0 || text.startsWith(VERSION)) return undefined;
  const headers = parseHeaders(text, firstEnd + 2, text.length);
  const method = text.slice(0, Math.max(0, text.indexOf(' ')));
  return methodToken.test(method) ? answerable({ kind: 'request', method, uri: '', headers, body: '' }) : undefined;
}

/** The message as it goes on the wire; Content-Length is filled in. */
export function serializeMessage(message: SipMessage): string {
  const start =
    message.kind === 'request'
      ? `${message.method} ${message.uri} ${VERSION}`
      : `${VERSION} ${message.status} ${message.reason}`;
  return `${start}\r\n${message.headers.serialize(Buffer.byteLength(message.body))}\r\n${message.body}`;
}

export interface ResponseParts {
  /** Added to To where the request had none (RFC 3261 8.2.6.2). */
  readonly toTag?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string;
}

/** A response to `request`: Via, From, To, Call-ID, CSeq copied, Record-Route in 1xx and 2xx (RFC 3261 8.2.6, 12.1.1). */
export function responseTo(
  request: SipRequest,
  status: number,
  reason?: string,
  parts: ResponseParts = {},
): SipResponse {
  const headers = new SipHeaders();
  for (const via of request.headers.getAll('via')) headers.append('Via', via);
  if (status > 100 && status < 300) {
    for (const route of request.headers.getAll('record-route')) headers.append('Record-Route', route);
  }
  const from = request.headers.get('from');
  const to = request.headers.get('to');
  const timestamp = status === 100 ? request.headers.get('timestamp') : undefined;
  if (from !== undefined) headers.append('From', from);
  if (to !== undefined) headers.append('To', withTag(to, parts.toTag));
  headers.append('Call-ID', request.headers.get('call-id') ?? '');
  headers.append('CSeq', request.headers.get('cseq') ?? '');
  if (timestamp !== undefined) headers.append('Timestamp', timestamp);
  for (const [name, value] of Object.entries(parts.headers ?? {})) headers.set(name, value);
  return { kind: 'response', status, reason: reason ?? reasonPhrase(status), headers, body: parts.body ?? '' };
}

/** `value` with `;tag=` appended unless it has a tag already; a bare URI gets its brackets first. */
export function withTag(value: string, tag: string | undefined): string {
  if (tag === undefined || tagOf(value) !== '') return value;
  return value.includes('<') ? `${value};tag=${tag}` : `<${value}>;tag=${tag}`;
}
