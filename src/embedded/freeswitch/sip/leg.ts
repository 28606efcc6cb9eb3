import { parseCSeq, parseParams } from '../../sip/address.ts';
import { responseTo, type SipRequest, type SipResponse } from '../../sip/message.ts';
import { repeatUntilAcknowledged } from '../../sip/success-repetition.ts';
import type { ServerTransaction, TransactionLayer } from '../../sip/transaction.ts';
import type { Channel, Signalling } from '../channel/channel.ts';
import { reasonHeader } from '../channel/hangup-cause.ts';
import { mediaVariables } from './channel-variables.ts';
import type { Dialog } from './dialog.ts';
import { ALLOWED, answerHeaders, SERVER_HEADERS } from './headers.ts';
import type { Agreement, MediaSession, Outcome } from './session.ts';

/** The channel is there once media are agreed on: for an INVITE without an offer, that is when its ACK comes. */
type LegState =
  | { readonly kind: 'beginning' }
  | { readonly kind: 'up'; readonly channel: Channel }
  | { readonly kind: 'over' };

export interface LegParts {
  readonly layer: TransactionLayer;
  readonly dialog: Dialog;
  readonly session: MediaSession;
  readonly contact: string;
  /** Makes the channel and lets it follow its dialplan. */
  readonly begin: (leg: Leg, agreement: Agreement) => Channel;
  /** Requests in the dialog are answered 481 from now on. */
  readonly onOver: () => void;
}

/** One answered SIP call: the dialog, its media session, and the channel behind it. */
export class Leg implements Signalling {
  readonly #parts: LegParts;
  /** 2xx that wait for their ACK, by CSeq; those with an offer of ours wait for its answer too. */
  readonly #unacknowledged = new Map<number, { stop: () => void; expectsAnswer: boolean }>();
  #state: LegState = { kind: 'beginning' };
  #renegotiating = false;
  #farewell: string | undefined;

  constructor(parts: LegParts) {
    this.#parts = parts;
  }

  /** Answers the INVITE that began the dialog. */
  async answer(invite: ServerTransaction, outcome: { agreement: Agreement } | { offer: string }): Promise<void> {
    const body = 'offer' in outcome ? outcome.offer : outcome.agreement.local;
    await this.#accept(invite, body, 'offer' in outcome);
    if ('agreement' in outcome) this.#up(outcome.agreement);
  }

  acknowledged(ack: SipRequest): void {
    const { number } = parseCSeq(ack.headers.get('cseq') ?? '');
    const waiting = this.#unacknowledged.get(number);
    if (waiting === undefined) return; // the ACK of a repeated 2xx
    waiting.stop();
    this.#unacknowledged.delete(number);
    if (this.#farewell !== undefined) this.#sendBye(this.#farewell);
    else if (waiting.expectsAnswer) void this.#answered(ack);
  }

  receive(transaction: ServerTransaction, request: SipRequest): void {
    if (!this.#parts.dialog.advance(request)) {
      void this.#respond(transaction, 500);
      return;
    }
    switch (request.method) {
      case 'BYE':
        void this.#respond(transaction, 200);
        this.#over('peer');
        return;
      case 'INVITE':
      case 'UPDATE':
        void this.#renegotiate(transaction, request);
        return;
      case 'INFO':
        this.#digits(request);
        void this.#respond(transaction, 200);
        return;
      case 'OPTIONS':
        void this.#respond(transaction, 200, { ...SERVER_HEADERS, Accept: 'application/sdp' });
        return;
      default:
        void this.#respond(transaction, 405, { Allow: ALLOWED });
    }
  }

  /** RFC 3261 section 15: not before the ACK to our 2xx has come, or is not expected any more. */
  bye(cause: string): void {
    if (this.#state.kind === 'over') return;
    if (this.#unacknowledged.size > 0) this.#farewell = cause;
    else this.#sendBye(cause);
  }

  /** The server is going down at once: nothing more is sent. */
  abandon(): void {
    for (const { stop } of this.#unacknowledged.values()) stop();
    this.#unacknowledged.clear();
    this.#state = { kind: 'over' };
  }

  async #accept(transaction: ServerTransaction, body: string, expectsAnswer: boolean): Promise<void> {
    const { layer, contact } = this.#parts;
    const response = responseTo(transaction.request, 200, undefined, { headers: answerHeaders(contact), body });
    if (transaction.request.method === 'INVITE') this.#awaitAck(transaction, response, expectsAnswer, layer);
    await transaction.respond(response);
  }

  #awaitAck(
    transaction: ServerTransaction,
    response: SipResponse,
    expectsAnswer: boolean,
    { transport, timers }: TransactionLayer,
  ): void {
    const { number } = parseCSeq(transaction.request.headers.get('cseq') ?? '');
    const stop = repeatUntilAcknowledged(transport, timers, response, transaction.target, () => {
      this.#unacknowledged.delete(number);
      this.#hangup('RECOVERY_ON_TIMER_EXPIRE');
    });
    this.#unacknowledged.set(number, { stop, expectsAnswer });
  }

  async #answered(ack: SipRequest): Promise<void> {
    const outcome = await this.#parts.session.answered(ack.body).catch(() => undefined);
    if (outcome === undefined) this.#hangup('NORMAL_TEMPORARY_FAILURE');
    else if (outcome.kind === 'refused') this.#hangup('INCOMPATIBLE_DESTINATION');
    else if (this.#state.kind === 'beginning') this.#up(outcome.agreement);
    else this.#agreed(outcome.agreement);
  }

  async #renegotiate(transaction: ServerTransaction, request: SipRequest): Promise<void> {
    const offering = [...this.#unacknowledged.values()].some(({ expectsAnswer }) => expectsAnswer);
    // RFC 3261 section 14.2 and RFC 3311 section 5.2: one offer at a time.
    if (offering) return this.#respond(transaction, 491);
    if (this.#renegotiating) return this.#respond(transaction, 500, { 'Retry-After': '1' });
    this.#renegotiating = true;
    try {
      await this.#answerOffer(transaction, request);
    } catch {
      await this.#respond(transaction, 500); // the media engine is gone, or so is the way back
    } finally {
      this.#renegotiating = false;
    }
  }

  async #answerOffer(transaction: ServerTransaction, request: SipRequest): Promise<void> {
    const { session, dialog } = this.#parts;
    if (request.body === '') {
      dialog.refreshTarget(request);
      if (request.method === 'UPDATE') return this.#respond(transaction, 200, answerHeaders(this.#parts.contact));
      return this.#accept(transaction, session.offer(), true);
    }
    const outcome: Outcome = await session.accept(request.body);
    if (outcome.kind === 'refused') return this.#respond(transaction, outcome.status);
    dialog.refreshTarget(request);
    this.#agreed(outcome.agreement);
    await this.#accept(transaction, outcome.agreement.local, false);
  }

  #up(agreement: Agreement): void {
    if (this.#state.kind !== 'beginning') return;
    this.#state = { kind: 'up', channel: this.#parts.begin(this, agreement) };
  }

  #agreed(agreement: Agreement): void {
    if (this.#state.kind !== 'up') return;
    const { channel } = this.#state;
    for (const [name, value] of mediaVariables(channel.media, agreement)) channel.variables.set(name, value);
    channel.hold(agreement.held);
  }

  /** `application/dtmf-relay`: `Signal=5`, `Duration=160` in ms; or the bare digit. */
  #digits(request: SipRequest): void {
    if (this.#state.kind !== 'up' || !/dtmf/i.test(request.headers.get('content-type') ?? '')) return;
    const fields = parseParams(request.body.replace(/\r?\n/g, ';'), 0);
    const digit = fields.get('signal') ?? request.body.trim();
    const duration = (Number.parseInt(fields.get('duration') ?? '', 10) || 100) * 8;
    if (/^[0-9A-D*#]$/i.test(digit)) this.#state.channel.digit({ digit: digit.toUpperCase(), duration }, 'INFO');
  }

  #hangup(cause: string): void {
    if (this.#state.kind === 'up') void this.#state.channel.hangup(cause);
    else this.bye(cause);
  }

  #sendBye(cause: string): void {
    const { layer, dialog } = this.#parts;
    const { request, target } = dialog.request('BYE', { ...SERVER_HEADERS, Reason: reasonHeader(cause) });
    // Whatever comes back, or does not: the dialog is over (RFC 3261 section 15.1.1).
    layer.request(request, target, { response: () => undefined, failed: () => undefined });
    this.#over('us');
  }

  #over(by: 'us' | 'peer'): void {
    const state = this.#state;
    for (const { stop } of this.#unacknowledged.values()) stop();
    this.#unacknowledged.clear();
    this.#state = { kind: 'over' };
    this.#parts.onOver();
    if (state.kind === 'beginning') this.#parts.session.stream.close().catch(() => undefined);
    else if (state.kind === 'up' && by === 'peer') void state.channel.hangup(undefined, 'peer');
  }

  async #respond(
    transaction: ServerTransaction,
    status: number,
    headers: Readonly<Record<string, string>> = SERVER_HEADERS,
  ): Promise<void> {
    try {
      await transaction.respond(responseTo(transaction.request, status, undefined, { headers }));
    } catch {
      // Answered already, or the way back is gone: the peer asks again or gives up by itself.
    }
  }
}
