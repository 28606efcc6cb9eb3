import type { Content, Headers, StackMessage } from './stack.ts';
import { parseNameAddr, parseSipUri } from './sip-uri.ts';

/** The methods that work within a call, and no others. */
export const ALLOW = 'INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, MESSAGE, UPDATE';

/** Headers that say who calls and what for. Only a trusted sender (the switch) may say who it is (RFC 3325 section 5). */
const ASSERTED = ['p-asserted-identity', 'p-preferred-identity', 'remote-party-id', 'diversion', 'history-info'];
const INVITE = [
  'privacy',
  'user-to-user',
  'alert-info',
  'call-info',
  'subject',
  'priority',
  'organization',
  'reason',
  'accept-language',
  'session-expires',
  'min-se',
  'referred-by',
  'replaces-call',
  'p-charging-vector',
  'session-id',
];
const RESPONSE = [
  'p-asserted-identity',
  'remote-party-id',
  'privacy',
  'user-to-user',
  'alert-info',
  'call-info',
  'diversion',
  'history-info',
  'reason',
  'retry-after',
  'warning',
  'error-info',
  'min-se',
  'p-early-media',
  'session-id',
];
const BYE = ['reason', 'user-to-user', 'session-id'];
const BODY = ['content-type', 'content-disposition', 'info-package', 'user-to-user'];
/** X-… of ours: they are written anew, never copied. */
const OWN = 'x-earpiece-';

/**
 * Extensions that hold from end to end through us: drachtio refreshes sessions on each leg (RFC 4028). What would need our
 * own help (100rel, replaces, outbound…) is not promised to the other side.
 */
const EXTENSIONS = new Set(['timer', 'histinfo', 'uui', 'norefersub']);

function passing(message: StackMessage, names: readonly string[]): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers)) {
    const key = name.toLowerCase();
    if (names.includes(key) || (key.startsWith('x-') && !key.startsWith(OWN))) passed[name] = value;
  }
  return passed;
}

/** What of a caller's INVITE reaches the callee, as it came. */
export function headersOfInvite(invite: StackMessage, trusted: boolean): Record<string, string> {
  const passed = passing(invite, trusted ? [...ASSERTED, ...INVITE] : INVITE);
  const supported = extensions(invite.get('Supported')).filter((tag) => EXTENSIONS.has(tag));
  return { ...passed, Allow: ALLOW, ...(supported.length > 0 && { Supported: supported.join(', ') }) };
}

/** What of a callee's response reaches the caller. */
export const headersOfResponse = (response: StackMessage): Headers => passing(response, RESPONSE);

/** Why a leg ends: on a BYE or a CANCEL (RFC 3326). */
export const headersOfEnd = (request: StackMessage): Headers => passing(request, BYE);

/** An INFO or MESSAGE with its content, for the other leg: DTMF and the like. */
export function contentOf(message: StackMessage): Content {
  const body = message.body ?? '';
  return { headers: passing(message, BODY), ...(body !== '' && { body }) };
}

/** Extensions that the caller insists on and we do not have (RFC 3261 8.2.2.3): the value of Unsupported. */
export function unsupported(invite: StackMessage): string | undefined {
  const missing = extensions(invite.get('Require')).filter((tag) => !EXTENSIONS.has(tag));
  return missing.length === 0 ? undefined : missing.join(', ');
}

const extensions = (value: string | undefined): string[] =>
  (value ?? '')
    .split(',')
    .map((tag) => tag.trim().toLowerCase())
    .filter((tag) => tag !== '');

/**
 * The caller's From on the callee's leg: its display name and user. The host becomes ours (drachtio writes its address
 * for `localhost`), except for a caller who withholds its name (anonymous.invalid, RFC 3323).
 */
export function fromOf(invite: StackMessage): string {
  const from = parseNameAddr(invite.get('From') ?? '');
  if (from === undefined) return '<sip:anonymous@localhost>';
  const display = from.display === undefined ? '' : `${from.display} `;
  if (/^tel:/i.test(from.uri)) return `${display}<sip:${from.uri.slice(4).split(';')[0] ?? ''}@localhost>`;
  const uri = parseSipUri(from.uri);
  const host = uri?.host.endsWith('.invalid') === true ? uri.host : 'localhost';
  return `${display}<sip:${uri?.user ?? 'anonymous'}@${host}>`;
}
