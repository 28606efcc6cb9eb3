import { SipHeaders } from '../../src/embedded/sip/headers.ts';
import { randomCallId, randomTag } from '../../src/embedded/sip/identifiers.ts';
import type { SipRequest, SipResponse } from '../../src/embedded/sip/message.ts';
import type { ClientTransaction } from '../../src/embedded/sip/transaction.ts';
import type { SipTarget } from '../../src/embedded/sip/transport.ts';
import { Dialog, type ExtraHeaders, targetOf } from './dialog.ts';
import { authorization } from './digest-client.ts';
import type { Codec } from './g711.ts';
import type { Line } from './line.ts';
import { PhoneCall } from './phone-call.ts';
import type { PhoneMedia } from './phone-media.ts';
import type { Wait } from './watch.ts';

export interface CallOptions {
  readonly headers?: ExtraHeaders;
  /** Default: those of the phone. */
  readonly codecs?: readonly Codec[];
  /** An offer of one's own; false leaves the offer to the other side. */
  readonly sdp?: string | false;
  /** `"Ann" <sip:ann@example.com>`; default is the phone's name and address. */
  readonly from?: string;
  /** ms from the 200 to its ACK; a phone does it at once. */
  readonly ackAfter?: number;
  /** Where the INVITE goes; default is the phone's proxy, else where the URI points to. */
  readonly via?: SipTarget;
}

/** A call this phone makes. */
export class OutgoingCall extends PhoneCall {
  /** Provisional and final responses to the INVITE, repetitions of the 200 left out. */
  readonly responses: SipResponse[] = [];
  readonly #target: SipTarget;
  readonly #options: CallOptions;
  #sent: SipRequest;
  #transaction: ClientTransaction;
  #ack: SipRequest | undefined;
  #acknowledged = false;
  #cancelled = false;
  #challenged = false;

  constructor(line: Line, media: PhoneMedia, uri: string, options: CallOptions) {
    const { from = `"${line.name}" <${line.contact}>`, sdp = media.offer(options.codecs) } = options;
    const headers = SipHeaders.from({
      'Max-Forwards': '70',
      From: `${from};tag=${randomTag()}`,
      To: `<${uri}>`,
      'Call-ID': randomCallId(),
      CSeq: '1 INVITE',
      Contact: `<${line.contact}>`,
      Allow: 'INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, REFER, NOTIFY',
      ...(sdp === false ? {} : { 'Content-Type': 'application/sdp' }),
      ...options.headers,
    });
    const invite: SipRequest = { kind: 'request', method: 'INVITE', uri, headers, body: sdp === false ? '' : sdp };
    super(line, media, invite);
    this.#options = options;
    this.#target = options.via ?? targetOf(uri);
    this.#sent = invite;
    this.#transaction = this.#invite(invite);
  }

  /** The first response with that status, or the first of 101 to 199. */
  ringing(status?: number, wait?: Wait): Promise<SipResponse> {
    const fits = (each: SipResponse) =>
      status === undefined ? each.status > 100 && each.status < 200 : each.status === status;
    return this.line.until(`to get ${status ?? 'a provisional response'}`, () => this.responses.find(fits), wait);
  }

  /** The final response to the INVITE, whatever it is. */
  final(wait?: Wait): Promise<SipResponse> {
    return this.line.until('to get a final response', () => this.responses.find(({ status }) => status >= 200), wait);
  }

  /** Gives up before the answer; where the answer crosses, it is acknowledged and the call hung up. */
  cancel(): void {
    this.#cancelled = true;
    this.#transaction.cancel();
  }

  #invite(invite: SipRequest): ClientTransaction {
    this.#sent = invite;
    return this.line.send(
      invite,
      this.#target,
      (response) => this.#receive(response),
      (reason) => this.end({ kind: 'failed', reason, at: performance.now() }),
    );
  }

  #receive(response: SipResponse): void {
    if (response.status >= 200 && response.status < 300 && this.#ack !== undefined) {
      if (this.#acknowledged) this.#acknowledge();
      return;
    }
    if (this.#authorize(response)) return;
    this.responses.push(response);
    if (response.status < 200) {
      if (response.body !== '' && this.#sent.body !== '') this.media.apply(response.body);
    } else if (response.status < 300) this.#answered(response);
    else if (this.#cancelled) this.end({ kind: 'cancelled', by: 'us', at: performance.now() });
    else this.end({ kind: 'refused', status: response.status, at: performance.now() });
  }

  /** Once, with our credentials (RFC 3261 22.2). */
  #authorize(response: SipResponse): boolean {
    const { credentials } = this.line;
    if ((response.status !== 401 && response.status !== 407) || credentials === undefined || this.#challenged)
      return false;
    const header = authorization(this.invite, response, credentials);
    if (header === undefined) return false;
    this.#challenged = true;
    const headers = this.invite.headers.clone();
    headers.set('CSeq', '2 INVITE');
    headers.set(header.name, header.value);
    this.#transaction = this.#invite({ ...this.invite, headers });
    return true;
  }

  #answered(response: SipResponse): void {
    const dialog = Dialog.ofCaller(this.#sent, response, this.line.contact);
    this.establish(dialog);
    const answer = this.#sent.body === '' ? this.media.answer(response.body) : undefined;
    this.media.apply(response.body);
    this.#ack = dialog.ack(this.#sent, answer === undefined ? {} : { body: answer });
    const { ackAfter = 0 } = this.#options;
    if (ackAfter === 0) this.#acknowledge();
    else setTimeout(() => this.#acknowledge(), ackAfter).unref();
  }

  #acknowledge(): void {
    const [ack, target] = [this.#ack, this.dialog?.target];
    if (ack === undefined || target === undefined) return;
    const first = !this.#acknowledged;
    this.#acknowledged = true;
    const sent = this.line.sendAck(ack, target);
    const done = first && this.#cancelled ? sent.then(() => this.hangUp()) : sent;
    done.catch((error: unknown) => this.#fail(error));
  }

  #fail(error: unknown): void {
    this.end({ kind: 'failed', reason: String(error), at: performance.now() });
  }
}
