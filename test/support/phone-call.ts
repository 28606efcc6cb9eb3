import { parseCSeq } from '../../src/embedded/sip/address.ts';
import { responseTo, type SipRequest, type SipResponse } from '../../src/embedded/sip/message.ts';
import type { ServerTransaction } from '../../src/embedded/sip/transaction.ts';
import type { Dialog, RequestParts } from './dialog.ts';
import { contactOf } from './dialog.ts';
import type { Line } from './line.ts';
import type { PhoneMedia } from './phone-media.ts';
import type { Wait } from './watch.ts';

/** How a call came to its end. */
export type Ending =
  | { readonly kind: 'hung-up'; readonly by: 'us' | 'peer'; readonly at: number; readonly reason?: string }
  | { readonly kind: 'refused'; readonly status: number; readonly at: number }
  | { readonly kind: 'cancelled'; readonly by: 'us' | 'peer'; readonly at: number }
  | { readonly kind: 'failed'; readonly reason: string; readonly at: number };

/** A new offer of ours: by default what the phone has; an SDP of one's own; or none (false), so that the peer makes the offer. */
export interface Offer {
  readonly sdp?: string | false;
  readonly headers?: RequestParts['headers'];
}

/** What happens to re-INVITEs and UPDATEs of the peer: they are answered, or refused with this status. */
export type Reoffers = 'answer' | number;

/**
 * A call as one phone has it, from its INVITE on:
 *
 *     inviting ──2xx──▶ established ──BYE──▶ ended
 *        └── refused, cancelled, no answer ───▶
 *
 * Who called whom is in the two classes that extend this one.
 */
export abstract class PhoneCall {
  /** The INVITE that began it. */
  readonly invite: SipRequest;
  /** Requests of the peer in this call, re-INVITEs among them; ACKs are not. */
  readonly requests: SipRequest[] = [];
  /** What the peer's re-INVITEs and UPDATEs meet. */
  reoffers: Reoffers = 'answer';
  /** Said in answer to the peer's re-INVITEs, in place of what the phone would say. */
  answerOffersWith: string | undefined;
  /** Its answers to re-INVITEs say nothing of where it is. */
  withoutContact = false;
  /** What other requests in the call meet, by method; 200 (REFER: 202) where nothing is said. */
  readonly refusals = new Map<string, number>();
  protected readonly line: Line;
  protected readonly media: PhoneMedia;
  protected dialog: Dialog | undefined;
  #answeredAt: number | undefined;
  #ending: Ending | undefined;
  #awaitingAck: { readonly cseq: number; readonly acknowledged: (ack: SipRequest) => void } | undefined;
  #offering = false;

  constructor(line: Line, media: PhoneMedia, invite: SipRequest) {
    this.line = line;
    this.media = media;
    this.invite = invite;
  }

  get callId(): string {
    return this.invite.headers.get('Call-ID') ?? '';
  }

  get state(): 'inviting' | 'established' | 'ended' {
    if (this.#ending !== undefined) return 'ended';
    return this.#answeredAt === undefined ? 'inviting' : 'established';
  }

  /** performance.now() of the 2xx, ms. */
  get answeredAt(): number | undefined {
    return this.#answeredAt;
  }

  get ending(): Ending | undefined {
    return this.#ending;
  }

  /** @throws Error when it ends instead. */
  async established(wait?: Wait): Promise<void> {
    const settled = () => (this.state === 'inviting' ? undefined : (this.#ending ?? 'established'));
    const outcome = await this.line.until('to have its call established', settled, wait);
    if (outcome !== 'established') throw new Error(`${this.line.name}: the call ended: ${JSON.stringify(outcome)}`);
  }

  ended(wait?: Wait): Promise<Ending> {
    return this.line.until('to have its call ended', () => this.#ending, wait);
  }

  /** The first request of that method that the peer sends in this call, or has sent after the first `skip` of them. */
  receives(method: string, { skip = 0, ...wait }: Wait & { readonly skip?: number } = {}): Promise<SipRequest> {
    const found = () => this.requests.filter((each) => each.method === method)[skip];
    return this.line.until(`to receive ${method}`, found, wait);
  }

  /** Sends BYE. @returns the status it was answered with. */
  async hangUp(headers: RequestParts['headers'] = {}): Promise<number> {
    this.end({ kind: 'hung-up', by: 'us', at: performance.now() });
    const { status } = await this.request('BYE', { headers });
    return status;
  }

  /** Puts the peer on hold: a=sendonly, and not a sound. @returns the status. */
  async hold(): Promise<number> {
    this.media.hold(true);
    return (await this.reinvite()).status;
  }

  async resume(): Promise<number> {
    this.media.hold(false);
    return (await this.reinvite()).status;
  }

  /** A new offer in an INVITE; the answer takes effect as it comes. @returns the final response, which may be a refusal. */
  async reinvite({ sdp = this.media.offer(), headers = {} }: Offer = {}): Promise<SipResponse> {
    const dialog = this.#inDialog();
    const invite = dialog.request('INVITE', { headers, ...(sdp === false ? {} : { body: sdp }) });
    this.#offering = true;
    try {
      const response = await this.line.ask(invite, dialog.target);
      if (response.status >= 300) return response;
      dialog.remoteTarget = contactOf(response) ?? dialog.remoteTarget;
      const answer = sdp === false ? this.media.answer(response.body) : undefined;
      await this.line.sendAck(dialog.ack(invite, answer === undefined ? {} : { body: answer }), dialog.target);
      this.media.apply(response.body);
      return response;
    } finally {
      this.#offering = false;
    }
  }

  /** UPDATE (RFC 3311), with an offer or without. */
  async update({ sdp = false, headers = {} }: Offer = {}): Promise<SipResponse> {
    const response = await this.request('UPDATE', { headers, ...(sdp === false ? {} : { body: sdp }) });
    if (response.status < 300 && response.body !== '') this.media.apply(response.body);
    return response;
  }

  /** Any request in the dialog: INFO, REFER, NOTIFY, OPTIONS. @returns its final response. */
  request(method: string, parts: RequestParts = {}): Promise<SipResponse> {
    const dialog = this.#inDialog();
    return this.line.ask(dialog.request(method, parts), dialog.target);
  }

  owns(request: SipRequest): boolean {
    return this.dialog?.owns(request) ?? false;
  }

  /** A request of the peer in this dialog. */
  async receive(transaction: ServerTransaction, request: SipRequest): Promise<void> {
    this.requests.push(request);
    const offers = request.method === 'INVITE' || request.method === 'UPDATE';
    if (request.method === 'BYE') {
      const reason = request.headers.get('Reason');
      this.end({ kind: 'hung-up', by: 'peer', at: performance.now(), ...(reason === undefined ? {} : { reason }) });
    } else if (offers) {
      const status = this.#offering ? 491 : this.reoffers;
      await (status === 'answer'
        ? this.#reanswer(transaction, request)
        : transaction.respond(responseTo(request, status)));
      return;
    }
    const status = this.refusals.get(request.method) ?? (request.method === 'REFER' ? 202 : 200);
    await transaction.respond(responseTo(request, status));
  }

  /** An ACK of the peer to a 2xx of ours; its body is the answer where we made the offer. */
  acknowledge(ack: SipRequest): void {
    const waiting = this.#awaitingAck;
    if (waiting === undefined || parseCSeq(ack.headers.get('CSeq') ?? '').number !== waiting.cseq) return;
    this.#awaitingAck = undefined;
    waiting.acknowledged(ack);
    this.line.changed();
  }

  /** The peer has sent the ACK to our last 2xx. */
  async acknowledged(wait?: Wait): Promise<void> {
    await this.line.until('to receive ACK', () => (this.#awaitingAck === undefined ? true : undefined), wait);
  }

  protected establish(dialog: Dialog): void {
    this.dialog = dialog;
    this.#answeredAt = performance.now();
    this.line.changed();
  }

  protected end(ending: Ending): void {
    if (this.#ending !== undefined) return;
    this.#ending = ending;
    this.media.stop();
    this.line.changed();
  }

  /**
   * Sends a 2xx to an INVITE with our answer, or our offer where the INVITE has none, and moves the sound at once.
   * @returns false when there is no codec in common; nothing was sent then.
   */
  protected async accept(
    transaction: ServerTransaction,
    request: SipRequest,
    response: Partial<{ status: number; sdp: string; contact: 'none'; headers: RequestParts['headers'] }> = {},
  ): Promise<boolean> {
    const body = response.sdp ?? (request.body === '' ? this.media.offer() : this.media.answer(request.body));
    if (body === undefined) return false;
    const { contact = `<${this.line.contact}>` } = response;
    const headers = {
      ...(contact !== 'none' && { Contact: contact }),
      'Content-Type': 'application/sdp',
      ...response.headers,
    };
    const ok = responseTo(request, response.status ?? 200, undefined, { headers, body });
    const { number: cseq } = parseCSeq(request.headers.get('CSeq') ?? '');
    if (request.body !== '') this.media.apply(request.body);
    const { sent, stop } = this.line.succeed(transaction, ok);
    const acknowledged = (ack: SipRequest) => {
      stop();
      if (ack.body !== '') this.media.apply(ack.body);
    };
    this.#awaitingAck = { cseq, acknowledged };
    await sent;
    return true;
  }

  async #reanswer(transaction: ServerTransaction, request: SipRequest): Promise<void> {
    if (this.dialog !== undefined) this.dialog.remoteTarget = contactOf(request) ?? this.dialog.remoteTarget;
    if (request.method === 'INVITE') {
      const said = {
        ...(this.answerOffersWith !== undefined && { sdp: this.answerOffersWith }),
        ...(this.withoutContact && { contact: 'none' as const }),
      };
      if (!(await this.accept(transaction, request, said))) await transaction.respond(responseTo(request, 488));
      return;
    }
    const answer = request.body === '' ? '' : this.media.answer(request.body);
    if (answer === undefined) {
      await transaction.respond(responseTo(request, 488));
      return;
    }
    const headers = {
      Contact: `<${this.line.contact}>`,
      ...(answer === '' ? {} : { 'Content-Type': 'application/sdp' }),
    };
    if (request.body !== '') this.media.apply(request.body);
    await transaction.respond(responseTo(request, 200, undefined, { headers, body: answer }));
  }

  #inDialog(): Dialog {
    if (this.dialog === undefined) throw new Error(`${this.line.name}: there is no dialog yet`);
    return this.dialog;
  }
}
