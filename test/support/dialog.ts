import { parseNameAddr, parseUri, splitList, tagOf } from '../../src/embedded/sip/address.ts';
import { SipHeaders } from '../../src/embedded/sip/headers.ts';
import type { SipMessage, SipRequest } from '../../src/embedded/sip/message.ts';
import type { SipTarget } from '../../src/embedded/sip/transport.ts';

export type ExtraHeaders = Readonly<Record<string, string | readonly string[]>>;

export interface RequestParts {
  readonly headers?: ExtraHeaders;
  readonly body?: string;
  /** Default application/sdp where there is a body. */
  readonly contentType?: string;
}

/** Where a URI of these tests points to: its host is always an address. */
export function targetOf(uri: string): SipTarget {
  const { host, port = 5060, params } = parseUri(uri);
  return { protocol: params.get('transport')?.toLowerCase() === 'tcp' ? 'tcp' : 'udp', address: host, port };
}

/** The values of a header that may be a list, one by one. */
export const valuesOf = ({ headers }: SipMessage, name: string): string[] =>
  headers.getAll(name).flatMap((line) => splitList(line));

export const contactOf = (message: SipMessage): string | undefined => {
  const contact = valuesOf(message, 'Contact')[0];
  return contact === undefined ? undefined : parseNameAddr(contact).uri;
};

/** The signalling relation of two phones (RFC 3261 section 12), from one side. */
export class Dialog {
  readonly callId: string;
  /** Values of From (requests of ours) and To, with their tags. */
  readonly local: string;
  readonly remote: string;
  readonly contact: string;
  readonly routes: readonly string[];
  /** The peer's Contact, which it may change. */
  remoteTarget: string;
  #cseq: number;

  private constructor(
    parts: Pick<Dialog, 'callId' | 'local' | 'remote' | 'contact' | 'routes' | 'remoteTarget'>,
    cseq: number,
  ) {
    this.callId = parts.callId;
    this.local = parts.local;
    this.remote = parts.remote;
    this.contact = parts.contact;
    this.routes = parts.routes;
    this.remoteTarget = parts.remoteTarget;
    this.#cseq = cseq;
  }

  /** Of the caller, from the response that made it; routes are taken in reverse order (12.1.2). */
  static ofCaller(request: SipRequest, response: SipMessage, contact: string): Dialog {
    const parts = {
      callId: request.headers.get('Call-ID') ?? '',
      local: request.headers.get('From') ?? '',
      remote: response.headers.get('To') ?? '',
      contact,
      routes: valuesOf(response, 'Record-Route').reverse(),
      remoteTarget: contactOf(response) ?? request.uri,
    };
    return new Dialog(parts, Number.parseInt(request.headers.get('CSeq') ?? '1', 10));
  }

  /** Of the called, from the request and the To with our tag (12.1.1). */
  static ofCalled(request: SipRequest, local: string, contact: string): Dialog {
    const remote = request.headers.get('From') ?? '';
    const parts = {
      callId: request.headers.get('Call-ID') ?? '',
      local,
      remote,
      contact,
      routes: valuesOf(request, 'Record-Route'),
      remoteTarget: contactOf(request) ?? parseNameAddr(remote).uri,
    };
    return new Dialog(parts, 0);
  }

  /** Where requests go: to the first route, else to the peer itself. */
  get target(): SipTarget {
    const route = this.routes[0];
    return targetOf(route === undefined ? this.remoteTarget : parseNameAddr(route).uri);
  }

  /** Is this request of the peer one in this dialog? */
  owns(request: SipRequest): boolean {
    return request.headers.get('Call-ID') === this.callId && tagOf(request.headers.get('To')) === tagOf(this.local);
  }

  /** The next request of ours. */
  request(method: string, parts: RequestParts = {}): SipRequest {
    this.#cseq++;
    return this.#build(method, this.#cseq, parts);
  }

  /** The ACK to a 2xx: CSeq number of its INVITE, a transaction of its own (13.2.2.4). */
  ack(invite: SipRequest, parts: RequestParts = {}): SipRequest {
    return this.#build('ACK', Number.parseInt(invite.headers.get('CSeq') ?? '1', 10), parts);
  }

  #build(
    method: string,
    cseq: number,
    { headers: extra = {}, body = '', contentType = 'application/sdp' }: RequestParts,
  ): SipRequest {
    const headers = SipHeaders.from({
      'Max-Forwards': '70',
      ...(this.routes.length === 0 ? {} : { Route: this.routes }),
      From: this.local,
      To: this.remote,
      'Call-ID': this.callId,
      CSeq: `${cseq} ${method}`,
      ...(method === 'ACK' || method === 'BYE' ? {} : { Contact: `<${this.contact}>` }),
      ...(body === '' ? {} : { 'Content-Type': contentType }),
      ...extra,
    });
    return { kind: 'request', method, uri: this.remoteTarget, headers, body };
  }
}
