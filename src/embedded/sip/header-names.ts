/**
 * The names of SIP headers: compact forms (RFC 3261 7.3.3 and the RFCs of each extension) and the spelling
 * in which a header is written when it was not received from the network.
 */

const compactForms: Readonly<Record<string, string>> = {
  a: 'accept-contact',
  b: 'referred-by',
  c: 'content-type',
  d: 'request-disposition',
  e: 'content-encoding',
  f: 'from',
  i: 'call-id',
  j: 'reject-contact',
  k: 'supported',
  l: 'content-length',
  m: 'contact',
  n: 'identity-info',
  o: 'event',
  r: 'refer-to',
  s: 'subject',
  t: 'to',
  u: 'allow-events',
  v: 'via',
  x: 'session-expires',
  y: 'identity',
};

/** Names whose usual spelling is not "each word capitalised". */
const irregularSpellings: Readonly<Record<string, string>> = {
  'call-id': 'Call-ID',
  cseq: 'CSeq',
  'mime-version': 'MIME-Version',
  'min-se': 'Min-SE',
  rack: 'RAck',
  rseq: 'RSeq',
  'sip-etag': 'SIP-ETag',
  'sip-if-match': 'SIP-If-Match',
  'www-authenticate': 'WWW-Authenticate',
};

const regularSpellings = `Accept Accept-Contact Accept-Encoding Accept-Language Alert-Info Allow Allow-Events
  Authentication-Info Authorization Call-Info Contact Content-Disposition Content-Encoding Content-Language
  Content-Length Content-Type Date Diversion Error-Info Event Expires From History-Info Identity Identity-Info
  In-Reply-To Join Max-Forwards Min-Expires Organization P-Asserted-Identity P-Called-Party-ID P-Charging-Vector
  P-Preferred-Identity Path Priority Privacy Proxy-Authenticate Proxy-Authorization Proxy-Require Reason
  Record-Route Refer-Sub Refer-To Referred-By Reject-Contact Remote-Party-ID Replaces Reply-To
  Request-Disposition Require Retry-After Route Server Service-Route Session-Expires Subject
  Subscription-State Supported Target-Dialog Timestamp To Unsupported User-Agent User-To-User Via Warning`;

const spellings = new Map<string, string>(Object.entries(irregularSpellings));
for (const spelling of regularSpellings.split(/\s+/)) spellings.set(spelling.toLowerCase(), spelling);

/** Every spelling seen of a well-known name → its key. Bounded: only well-known names are ever added. */
const keys = new Map<string, string>();
for (const [compact, key] of Object.entries(compactForms)) {
  keys.set(compact, key);
  keys.set(compact.toUpperCase(), key);
}
for (const [key, spelling] of spellings) {
  keys.set(key, key);
  keys.set(spelling, key);
}

/** The lower-case long form of a header name: what two spellings of one header have in common. */
export function headerKey(name: string): string {
  const known = keys.get(name);
  if (known !== undefined) return known;
  const key = name.toLowerCase();
  return keys.get(key) ?? key;
}

/** The usual spelling of a well-known header; any other name as it stands. */
export function usualSpelling(name: string): string {
  return spellings.get(headerKey(name)) ?? name;
}
