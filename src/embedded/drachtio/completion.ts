import { formatNameAddr, formatParams, parseNameAddr, splitList, tagOf } from '../sip/address.ts';
import { SipHeaders } from '../sip/headers.ts';
import { headerKey } from '../sip/header-names.ts';
import { randomCallId, randomTag } from '../sip/identifiers.ts';
import { responseTo, withTag, type SipRequest, type SipResponse } from '../sip/message.ts';
import { SipParseError } from '../sip/parse-error.ts';
import type { Protocol } from '../sip/transport.ts';
import type { LocalAddress } from './local-address.ts';
import { wantsReliability } from './reliable-provisional.ts';

/**
 * Headers this module writes itself; an application's version of them is taken as a wish, or left out: drachtio-server
 * 0.9.10 lets no application write Via, Route, Record-Route or RSeq.
 */
const written = new Set(
  'via route record-route max-forwards from to call-id cseq contact rseq content-type content-length'.split(' '),
);
/** Requests that tell the peer where to reach us from now on (RFC 3261 8.1.1.8, RFC 6665, RFC 3515). */
const needsContact = new Set(['INVITE', 'SUBSCRIBE', 'REFER']);

/** The CSeq a dialog or a lone request begins with; below 2^31 for its whole life (RFC 3261 8.1.1.5). */
const firstCSeq = (): number => 1 + Math.floor(Math.random() * 2 ** 27);

/**
 * A request outside any dialog, completed: From with a tag, To, Call-ID, CSeq, Contact, Max-Forwards, the type of an SDP
 * body. Whatever the application gave of these stays (a retry with credentials keeps Call-ID, CSeq and From).
 */
export function completeRequest(draft: SipRequest, local: LocalAddress, protocol: Protocol): SipRequest {
  const given = draft.headers;
  const from = named(given.get('from'), local, protocol) ?? local.contact('udp');
  const cseq = Number(/^\d+/.exec(given.get('cseq') ?? '')?.[0] ?? firstCSeq());
  const headers = new SipHeaders();
  headers.append('Max-Forwards', given.get('max-forwards') ?? '70');
  headers.append('From', withTag(from, randomTag()));
  headers.append('To', given.has('to') ? bracketed(given.get('to') ?? '') : `<${draft.uri}>`);
  headers.append('Call-ID', given.get('call-id') ?? randomCallId());
  headers.append('CSeq', `${cseq} ${draft.method}`);
  appendContact(headers, draft.method, given, local, protocol, undefined);
  appendRest(headers, given, draft.body);
  requireType(headers, draft.body);
  return { ...draft, headers };
}

/**
 * A request in a dialog: the dialog gives what identifies it, the application the rest, also the request-URI where that
 * is not the word `placeholder`.
 */
export function completeInDialog(
  skeleton: SipRequest,
  draft: SipRequest,
  local: LocalAddress,
  protocol: Protocol,
  ownContact: string,
): SipRequest {
  const headers = skeleton.headers.clone();
  const given = draft.headers;
  if (given.has('max-forwards')) headers.set('Max-Forwards', given.get('max-forwards') ?? '70');
  appendContact(headers, draft.method, given, local, protocol, ownContact);
  appendRest(headers, given, draft.body);
  requireType(headers, draft.body);
  const uri = draft.uri.includes('placeholder') || draft.method === 'ACK' ? skeleton.uri : draft.uri;
  return { ...skeleton, uri, headers, body: draft.body };
}

/** A response of the application: the request gives Via, From, To, Call-ID and CSeq. */
export function completeResponse(
  request: SipRequest,
  draft: SipResponse,
  localTag: string,
  local: LocalAddress,
  protocol: Protocol,
  ownContact: string | undefined,
): SipResponse {
  const given = draft.headers;
  const toTag = tagOf(given.get('to')) || localTag;
  const response = responseTo(request, draft.status, draft.reason, draft.status > 100 ? { toTag } : {});
  const success = draft.status >= 200 && draft.status < 300;
  const makesDialog = request.method === 'INVITE' || request.method === 'SUBSCRIBE';
  // Who is to send PRACK has to know where to (RFC 3262 4).
  const contact = makesDialog && (success || wantsReliability(draft));
  if (given.has('contact')) appendContacts(response.headers, given, local, protocol);
  else if (contact) response.headers.append('Contact', ownContact ?? local.contact(protocol));
  appendRest(response.headers, given, draft.body);
  return { ...response, body: draft.body };
}

function appendContact(
  headers: SipHeaders,
  method: string,
  given: SipHeaders,
  local: LocalAddress,
  protocol: Protocol,
  own: string | undefined,
): void {
  if (given.has('contact')) appendContacts(headers, given, local, protocol);
  else if (needsContact.has(method)) headers.append('Contact', own ?? local.contact(protocol));
}

function appendContacts(headers: SipHeaders, given: SipHeaders, local: LocalAddress, protocol: Protocol): void {
  for (const line of given.getAll('contact')) {
    const contacts = splitList(line).map((each) => named(each, local, protocol) ?? each);
    headers.append('Contact', contacts.join(', '));
  }
}

/** The application's other headers in their usual spelling, Content-Type last. */
function appendRest(headers: SipHeaders, given: SipHeaders, body: string): void {
  for (const [name, value] of given.withUsualSpelling().entries()) {
    if (!written.has(headerKey(name))) headers.append(name, value);
  }
  const type = given.get('content-type') ?? (body.startsWith('v=0') ? 'application/sdp' : undefined);
  if (body !== '' && type !== undefined) headers.append('Content-Type', type);
}

/** Measured on drachtio-server 0.9.10: a request whose body says not what it is, is not sent. */
function requireType(headers: SipHeaders, body: string): void {
  if (body !== '' && !headers.has('content-type')) throw new SipParseError('missing content-type');
}

/** `value` with brackets, and our address where it says localhost. */
function named(value: string | undefined, local: LocalAddress, protocol: Protocol): string | undefined {
  if (value === undefined) return undefined;
  if (value.trim() === '*') return value;
  const address = parseNameAddr(value);
  return formatNameAddr({ ...address, uri: local.inPlaceOfLocalhost(address.uri, protocol) });
}

function bracketed(value: string): string {
  if (value.includes('<')) return value;
  const { uri, params } = parseNameAddr(value);
  return `<${uri}>${formatParams(params)}`;
}
