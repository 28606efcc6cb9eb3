import { SipHeaders } from '../../../src/embedded/sip/headers.ts';
import { responseTo, type SipRequest, type SipResponse } from '../../../src/embedded/sip/message.ts';
import { parseNameAddr, parseUri } from '../../../src/embedded/sip/address.ts';
import {
  TransactionLayer,
  type ClientTransaction,
  type ServerTransaction,
} from '../../../src/embedded/sip/transaction.ts';
import { SipTransport, type Protocol, type SipTarget } from '../../../src/embedded/sip/transport.ts';
import { Inbox } from './inbox.ts';

export const sdp = (name: string, attribute = 'sendrecv'): string =>
  `v=0\r\no=${name} 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\na=${attribute}\r\n`;

export interface ReceivedRequest {
  readonly transaction: ServerTransaction;
  readonly request: SipRequest;
}

/** A user agent that does what its test says, and keeps what it hears. */
export class Peer {
  readonly requests = new Inbox<ReceivedRequest>();
  readonly acks = new Inbox<SipRequest>();
  readonly cancels = new Inbox<ServerTransaction>();
  readonly layer: TransactionLayer;
  readonly name: string;
  readonly protocol: Protocol;

  private constructor(name: string, layer: TransactionLayer, protocol: Protocol) {
    this.name = name;
    this.layer = layer;
    this.protocol = protocol;
    layer.onRequest((transaction, request) => this.requests.put({ transaction, request }));
    layer.onAck((ack) => this.acks.put(ack));
    layer.onCancel((invite) => this.cancels.put(invite));
  }

  static async open(name: string, protocol: Protocol = 'udp'): Promise<Peer> {
    const transport = await SipTransport.listen({ host: '127.0.0.1' });
    return new Peer(name, new TransactionLayer(transport, { autoTrying: false }), protocol);
  }

  get uri(): string {
    const { udpPort, tcpPort } = this.layer.transport;
    const place = this.protocol === 'tcp' ? `${tcpPort};transport=tcp` : String(udpPort);
    return `sip:${this.name}@127.0.0.1:${place}`;
  }

  get contact(): string {
    return `<${this.uri}>`;
  }

  async next(method: string): Promise<ReceivedRequest> {
    return this.requests.nextWhere(({ request }) => request.method === method);
  }

  answer(received: ReceivedRequest, status: number, headers: Record<string, string> = {}, body = ''): Promise<void> {
    const type = body === '' ? {} : { 'Content-Type': 'application/sdp' };
    const response = responseTo(received.request, status, undefined, {
      headers: { Contact: this.contact, ...type, ...headers },
      body,
    });
    return received.transaction.respond(response);
  }

  /** Answers the next INVITE with 200. */
  async accept(headers: Record<string, string> = {}): Promise<ReceivedRequest> {
    const invite = await this.next('INVITE');
    await this.answer(invite, 200, headers, sdp(this.name));
    return invite;
  }

  send(request: SipRequest, target: SipTarget): SentRequest {
    return new SentRequest(this.layer, request, target);
  }

  request(method: string, uri: string, callId: string, extra: Record<string, string> = {}, body = ''): SipRequest {
    const type = body === '' ? {} : { 'Content-Type': 'application/sdp' };
    const headers = SipHeaders.from({
      'Max-Forwards': '70',
      From: `<${this.uri}>;tag=${this.name}-${callId}`,
      To: `<${uri}>`,
      'Call-ID': callId,
      CSeq: `1 ${method}`,
      Contact: this.contact,
      ...type,
      ...extra,
    });
    return { kind: 'request', method, uri, headers, body };
  }

  close(): Promise<void> {
    return this.layer.close();
  }
}

/** A request on its way and all that came back. */
export class SentRequest {
  readonly responses = new Inbox<SipResponse>();
  /** The status of every response so far. */
  readonly seen: number[] = [];
  readonly request: SipRequest;
  readonly #client: ClientTransaction;

  constructor(layer: TransactionLayer, request: SipRequest, target: SipTarget) {
    this.request = request;
    this.#client = layer.request(request, target, {
      response: (response) => {
        this.seen.push(response.status);
        this.responses.put(response);
      },
      failed: (reason) => this.responses.put(responseTo(request, 599, reason)),
    });
  }

  final(): Promise<SipResponse> {
    return this.responses.nextWhere(({ status }) => status >= 200);
  }

  provisional(status: number): Promise<SipResponse> {
    return this.responses.nextWhere((response) => response.status === status);
  }

  cancel(): void {
    this.#client.cancel();
  }
}

/** The caller's side of a call that was answered: what it needs for requests in the dialog. */
export class CallerDialog {
  readonly #peer: Peer;
  readonly #invite: SipRequest;
  readonly #answer: SipResponse;
  /** In every request: the route set, say. */
  readonly #headers: Record<string, string>;
  #cseq = 1;

  constructor(peer: Peer, invite: SipRequest, answer: SipResponse, headers: Record<string, string> = {}) {
    this.#headers = headers;
    this.#peer = peer;
    this.#invite = invite;
    this.#answer = answer;
  }

  ack(body = ''): Promise<void> {
    return this.#peer.layer.sendStateless(this.#build('ACK', this.#cseq, {}, body), this.#target);
  }

  send(method: string, headers: Record<string, string> = {}, body = ''): SentRequest {
    this.#cseq += 1;
    return this.#peer.send(this.#build(method, this.#cseq, headers, body), this.#target);
  }

  get #remote(): string {
    return parseNameAddr(this.#answer.headers.get('contact') ?? '').uri;
  }

  get #target(): SipTarget {
    const route = this.#headers['Route'];
    const { host, port = 5060 } = parseUri(route === undefined ? this.#remote : parseNameAddr(route).uri);
    return { protocol: this.#peer.protocol, address: host, port };
  }

  #build(method: string, cseq: number, extra: Record<string, string>, body: string): SipRequest {
    const callId = this.#invite.headers.get('call-id') ?? '';
    return this.#peer.request(
      method,
      this.#remote,
      callId,
      { To: this.#answer.headers.get('to') ?? '', CSeq: `${cseq} ${method}`, ...this.#headers, ...extra },
      body,
    );
  }
}
