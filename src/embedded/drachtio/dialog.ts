import { parseCSeq, parseNameAddr, parseUri, splitList, tagOf, withoutTag } from '../sip/address.ts';
import { SipHeaders } from '../sip/headers.ts';
import type { SipRequest, SipResponse } from '../sip/message.ts';
import type { SipTarget } from '../sip/transport.ts';
import type { AppConnection } from './app-connection.ts';
import { targetOf } from './local-address.ts';
import type { SessionTimer } from './session-timer.ts';

/** The name both sides of drachtio's protocol use for a dialog: the tag is that of the side that called. */
export const dialogId = (callId: string, callerTag: string): string => `${callId};from-tag=${callerTag}`;

interface DialogParts {
  readonly id: string;
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  /** From and To of our requests, without their tags. */
  readonly localAddress: string;
  readonly remoteAddress: string;
  readonly remoteTarget: string;
  readonly routes: readonly string[];
  readonly localCSeq: number;
  readonly remoteCSeq: number;
  /** Our Contact. */
  readonly contact: string;
  readonly app: AppConnection;
  /** The method that made it. */
  readonly madeBy: string;
}

/** A dialog of RFC 3261 12 as the server keeps it for an application. */
export class Dialog {
  readonly id: string;
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  readonly app: AppConnection;
  readonly #madeBy: string;
  contact: string;
  state: 'early' | 'confirmed' | 'ended' = 'early';
  remoteCSeq: number;
  /** The SDP we sent last: what a session refresh offers again. */
  localSdp = '';
  /** An INVITE of ours that has no final response yet (RFC 3261 14.1: only one at a time). */
  localInvitePending = false;
  /** An INVITE of the peer that has no final response yet (14.2). */
  remoteInvitePending = false;
  /** We got a 2xx to the INVITE with this CSeq; the application owes its ACK. */
  ackOwed: number | undefined;
  /** Reason of the BYE that follows this ACK: the call was cancelled when its 2xx was on the way. */
  endAfterAck: string | undefined;
  /** The ACK sent last, for repetitions of the 2xx it answers. */
  lastAck: SipRequest | undefined;
  /** The 2xx we sent and still repeat: stops when its ACK, named by the INVITE's transaction, has come. */
  repeating: { readonly transaction: string; readonly cseq: number; readonly stop: () => void } | undefined;
  timer: SessionTimer | undefined;
  readonly #localAddress: string;
  readonly #remoteAddress: string;
  #routes: readonly string[];
  #remoteTarget: string;
  #localCSeq: number;

  constructor(parts: DialogParts) {
    this.id = parts.id;
    this.callId = parts.callId;
    this.localTag = parts.localTag;
    this.remoteTag = parts.remoteTag;
    this.app = parts.app;
    this.#madeBy = parts.madeBy;
    this.contact = parts.contact;
    this.remoteCSeq = parts.remoteCSeq;
    this.#localAddress = parts.localAddress;
    this.#remoteAddress = parts.remoteAddress;
    this.#routes = parts.routes;
    this.#remoteTarget = parts.remoteTarget;
    this.#localCSeq = parts.localCSeq;
  }

  /** RFC 3261 12.1.1: we were called, or subscribed to. */
  static ofServer(request: SipRequest, localTag: string, contact: string, app: AppConnection): Dialog {
    const { headers } = request;
    const remoteTag = tagOf(headers.get('from'));
    const callId = headers.get('call-id') ?? '';
    const cseq = parseCSeq(headers.get('cseq') ?? '').number;
    return new Dialog({
      id: dialogId(callId, remoteTag),
      callId,
      localTag,
      remoteTag,
      localAddress: withoutTag(headers.get('to') ?? ''),
      remoteAddress: withoutTag(headers.get('from') ?? ''),
      remoteTarget: contactUri(headers) ?? parseNameAddr(headers.get('from') ?? '').uri,
      routes: headers.getAll('record-route').flatMap(splitList),
      localCSeq: 0,
      remoteCSeq: cseq,
      contact,
      app,
      madeBy: request.method,
    });
  }

  /** RFC 3261 12.1.2: we called; the route set is Record-Route in reverse. */
  static ofClient(request: SipRequest, response: SipResponse, app: AppConnection): Dialog {
    const { headers } = request;
    const callId = headers.get('call-id') ?? '';
    const localTag = tagOf(headers.get('from'));
    return new Dialog({
      id: dialogId(callId, localTag),
      callId,
      localTag,
      remoteTag: tagOf(response.headers.get('to')),
      localAddress: withoutTag(headers.get('from') ?? ''),
      remoteAddress: withoutTag(headers.get('to') ?? ''),
      remoteTarget: contactUri(response.headers) ?? request.uri,
      routes: response.headers.getAll('record-route').flatMap(splitList).reverse(),
      localCSeq: parseCSeq(headers.get('cseq') ?? '').number,
      remoteCSeq: 0,
      contact: headers.get('contact') ?? '',
      app,
      madeBy: request.method,
    });
  }

  /** RFC 6665 4.4.1: a NOTIFY that overtakes the 2xx to our SUBSCRIBE makes the dialog. */
  static ofNotify(subscribe: SipRequest, notify: SipRequest, app: AppConnection): Dialog {
    const peer: SipResponse = { kind: 'response', status: 200, reason: 'OK', headers: new SipHeaders(), body: '' };
    peer.headers.append('To', notify.headers.get('from') ?? '');
    for (const contact of notify.headers.getAll('contact')) peer.headers.append('Contact', contact);
    // In a response Record-Route is read from the far end, in a request from the near one.
    const routes = notify.headers.getAll('record-route').flatMap(splitList).reverse();
    for (const route of routes) peer.headers.append('Record-Route', route);
    return Dialog.ofClient(subscribe, peer, app);
  }

  get remoteTarget(): string {
    return this.#remoteTarget;
  }

  /** The 2xx settles what an early dialog only supposed: target and routes (RFC 3261 13.2.2.4). */
  confirm(success: SipResponse): void {
    this.state = 'confirmed';
    this.refreshTarget(success.headers);
    this.#routes = success.headers.getAll('record-route').flatMap(splitList).reverse();
  }

  /** Whether this NOTIFY ends the subscription that is all this dialog is for (RFC 6665 4.4.1). */
  endsWith(notify: SipRequest): boolean {
    return this.#madeBy !== 'INVITE' && /^\s*terminated/i.test(notify.headers.get('subscription-state') ?? '');
  }

  /** A target refresh (RFC 3261 12.2): INVITE, UPDATE, SUBSCRIBE, NOTIFY, REFER and their 2xx. */
  refreshTarget(headers: SipHeaders): void {
    this.#remoteTarget = contactUri(headers) ?? this.#remoteTarget;
  }

  /** Request-line, routes, From, To, Call-ID and CSeq of a request in this dialog (RFC 3261 12.2.1.1). */
  request(method: string, cseq?: number): SipRequest {
    const number = cseq ?? ++this.#localCSeq;
    const { uri, routes } = this.#routing();
    const headers = SipHeaders.from({ 'Max-Forwards': '70' });
    for (const route of routes) headers.append('Route', route);
    headers.append('From', `${this.#localAddress};tag=${this.localTag}`);
    headers.append('To', this.remoteTag === '' ? this.#remoteAddress : `${this.#remoteAddress};tag=${this.remoteTag}`);
    headers.append('Call-ID', this.callId);
    headers.append('CSeq', `${number} ${method}`);
    return { kind: 'request', method, uri, headers, body: '' };
  }

  /** Where requests of this dialog go first. @throws SipParseError when the peer gave no usable address. */
  get nextHop(): SipTarget {
    const [first] = this.#routes;
    return targetOf(first === undefined ? this.#remoteTarget : parseNameAddr(first).uri);
  }

  /** A first route without `lr` is a strict router: it wants itself in the request-URI (RFC 3261 12.2.1.1). */
  #routing(): { readonly uri: string; readonly routes: readonly string[] } {
    const [first, ...others] = this.#routes;
    if (first === undefined) return { uri: this.#remoteTarget, routes: [] };
    const { uri } = parseNameAddr(first);
    if (parseUri(uri).params.has('lr')) return { uri: this.#remoteTarget, routes: this.#routes };
    return { uri, routes: [...others, `<${this.#remoteTarget}>`] };
  }
}

function contactUri(headers: SipHeaders): string | undefined {
  const contact = headers.get('contact');
  return contact === undefined ? undefined : parseNameAddr(splitList(contact)[0] ?? '').uri;
}
