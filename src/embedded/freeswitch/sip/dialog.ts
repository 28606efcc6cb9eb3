import { formatUri, parseCSeq, parseNameAddr, parseUri, splitList, tagOf } from '../../sip/address.ts';
import { SipHeaders } from '../../sip/headers.ts';
import type { SipRequest } from '../../sip/message.ts';
import type { SipTarget } from '../../sip/transport.ts';

/** What a dialog of ours looks like from outside: Call-ID and our tag. */
export function dialogKey(callId: string, localTag: string): string {
  return `${callId};${localTag}`;
}

/** The server's side of a dialog that an INVITE began (RFC 3261 section 12.1.1). */
export class Dialog {
  readonly callId: string;
  readonly localTag: string;
  readonly #local: string;
  readonly #remote: string;
  readonly #routes: readonly string[];
  #target: string;
  #localSequence: number;
  #remoteSequence: number;

  /** @throws SipParseError when the INVITE has no usable Contact */
  constructor(invite: SipRequest, localTag: string) {
    this.callId = invite.headers.get('call-id') ?? '';
    this.localTag = localTag;
    this.#local = `${bracketed(invite.headers.get('to') ?? '')};tag=${localTag}`;
    this.#remote = invite.headers.get('from') ?? '';
    this.#routes = invite.headers.getAll('record-route').flatMap(splitList);
    this.#target = contactOf(invite);
    this.#remoteSequence = parseCSeq(invite.headers.get('cseq') ?? '').number;
    this.#localSequence = this.#remoteSequence;
  }

  get key(): string {
    return dialogKey(this.callId, this.localTag);
  }

  /** Whether a request comes from our peer in this dialog. */
  isFromPeer(request: SipRequest): boolean {
    return tagOf(request.headers.get('from')) === tagOf(this.#remote);
  }

  /** RFC 3261 section 12.2.2. @returns false for a request that comes after a later one */
  advance(request: SipRequest): boolean {
    const { number } = parseCSeq(request.headers.get('cseq') ?? '');
    if (number < this.#remoteSequence) return false;
    this.#remoteSequence = number;
    return true;
  }

  /** A re-INVITE or UPDATE may move the peer's address. */
  refreshTarget(request: SipRequest): void {
    if (request.headers.has('contact')) this.#target = contactOf(request);
  }

  /** A request of ours in the dialog, and where to send it. Loose routing only (RFC 3261 section 12.2.1.1). */
  request(method: string, extra: Readonly<Record<string, string>>): { request: SipRequest; target: SipTarget } {
    const headers = SipHeaders.from({
      'Max-Forwards': '70',
      From: this.#local,
      To: this.#remote,
      'Call-ID': this.callId,
      CSeq: `${++this.#localSequence} ${method}`,
      ...(this.#routes.length === 0 ? {} : { Route: this.#routes }),
      ...extra,
    });
    const first = this.#routes[0];
    const next = parseUri(first === undefined ? this.#target : parseNameAddr(first).uri);
    return {
      request: { kind: 'request', method, uri: this.#target, headers, body: '' },
      target: {
        protocol: next.params.get('transport')?.toLowerCase() === 'tcp' ? 'tcp' : 'udp',
        address: next.host,
        port: next.port ?? 5060,
      },
    };
  }
}

function contactOf(request: SipRequest): string {
  const { uri } = parseNameAddr(splitList(request.headers.get('contact') ?? '')[0] ?? '');
  // Headers in a Contact URI are not allowed in a Request-URI (RFC 3261 section 19.1.1).
  return formatUri(parseUri(uri)).replace(/\?.*$/, '');
}

function bracketed(address: string): string {
  return address.includes('<') ? address : `<${address}>`;
}
