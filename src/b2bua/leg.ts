import { setTimeout as delay } from 'node:timers/promises';
import { EarpieceError } from '../coaching/errors.ts';
import type { LegId, Sdp } from '../coaching/leg.ts';
import { Serial } from '../coaching/serial.ts';
import type { Logger } from '../log.ts';
import { unless, withResolvers, within } from './deadline.ts';
import { detached, forgetMessages } from './dialog-memory.ts';
import { answering, guarded } from './guard.ts';
import { headersOfEnd } from './headers.ts';
import { type FinalResponse, isDialogGone, requestInDialog } from './in-dialog-request.ts';
import type { LegListener, Solicited } from './leg-listener.ts';
import { Origin } from './origin.ts';
import { cseqOf, glarePause, refusedBy } from './re-invite.ts';
import { OfferRefused, refusalOfOffer, respond } from './responses.ts';
import { audioOf, descriptionIn, sdpIn } from './sdp.ts';
import type { Content, Headers, Reply, Stack, StackDialog, StackRequest } from './stack.ts';

/** Timer B of RFC 3261 (64 × T1), in ms: how long the phone may take to answer an INVITE, or to acknowledge ours. */
const TRANSACTION_MS = 32_000;
/** How long an offer waits for the ACK to the previous exchange, in ms: T2. */
const SETTLING_MS = 4_000;
/** How often an offer is repeated after 491. */
const GLARE_ATTEMPTS = 6;
/** How long we wait for the answer to a BYE, in ms: the leg is over for us as soon as it is sent. */
const BYE_MS = 2_000;

/** How often a phone is asked whether it is still there, in ms, where it cannot tell by itself. */
const PROBE_MS = 15_000;

/** The offer/answer exchange in progress on the leg (RFC 3261 section 14, RFC 3264 section 4: one at a time). */
type Exchange =
  | { readonly is: 'idle' }
  | { readonly is: 'ours' }
  | { readonly is: 'theirs'; readonly withdraw: () => void }
  /** Our 200 is out, its ACK has not come. */
  | { readonly is: 'settling'; readonly settled: Promise<unknown> };

const IDLE: Exchange = { is: 'idle' };

/** One SIP dialog that is up: what was said of its media on both sides, and who may speak next. */
export class Leg {
  readonly id: LegId = crypto.randomUUID();
  /** The first ACK, with the SDP in it, when the phone called us; at once when we called it. Rejects with `timeout`. */
  readonly confirmed: Promise<Sdp | undefined>;
  readonly #dialog: StackDialog;
  readonly #stack: Stack;
  readonly #listener: LegListener<Leg>;
  readonly #log: Logger;
  readonly #origin = new Origin();
  readonly #offers = new Serial();
  readonly #over = new AbortController();
  #probing: NodeJS.Timeout | undefined;
  #remote: Sdp;
  #local: Sdp;
  #exchange: Exchange = IDLE;
  #acknowledged: ((cseq: number, answer: Sdp | undefined) => void) | undefined;

  /** To be called in the callback that brings the dialog: no message of the phone can come in between. */
  constructor(
    stack: Stack,
    dialog: StackDialog,
    said: { readonly remote: Sdp; readonly local: Sdp },
    listener: LegListener<Leg>,
    log: Logger,
  ) {
    this.#stack = stack;
    this.#dialog = dialog;
    this.#listener = listener;
    this.#log = log.child({ legId: this.id });
    this.#remote = said.remote;
    this.#local = this.#origin.speak(said.local);
    dialog.on('destroy', (bye) => guarded(this.#log, 'BYE', () => this.#end(headersOfEnd(bye))));
    this.#answers('modify', (request, reply) => this.#onInvite(request, reply));
    this.#answers('update', (request, reply) => this.#onUpdate(request, reply));
    this.#answers('info', (request, reply) => listener.passed(this, request, reply));
    this.#answers('message', (request, reply) => listener.passed(this, request, reply));
    this.#answers('refer', (_request, reply) => respond(reply, { status: 501 }));
    dialog.on('ack', (ack) => guarded(this.#log, 'ACK', () => this.#acknowledged?.(cseqOf(ack), sdpIn(ack))));
    this.confirmed = dialog.type === 'uac' ? Promise.resolve(undefined) : this.#firstAck(cseqOf(dialog.req));
    forgetMessages(dialog);
  }

  get up(): boolean {
    return !this.#over.signal.aborted;
  }

  /** What the phone last said of its media. */
  get remote(): Sdp {
    return this.#remote;
  }

  /** What the phone was last told. */
  get local(): Sdp {
    return this.#local;
  }

  /** Re-INVITEs with an offer; resolves with the answer. Rejects with `unavailable` or `timeout`; the session is then as it was. */
  offer(description: Sdp): Promise<Sdp> {
    return this.#offers.run(async () => {
      const offer = this.#origin.speak(description);
      const { response, acknowledge } = await this.#invite({
        body: offer,
        headers: { 'Content-Type': 'application/sdp' },
      });
      acknowledge();
      this.#exchange = IDLE;
      const answer = sdpIn(response);
      if (answer === undefined) throw new OfferRefused({ status: 488 });
      this.#remote = detached(answer);
      this.#local = offer;
      return this.#remote;
    });
  }

  /**
   * Re-INVITEs without an offer, so that the phone makes one (RFC 3725 flow I). Rejects like `offer`. No other offer goes out before the
   * ACK, which is for whoever gets this one to send (RFC 3261 14.1); who takes longer than a transaction has declined.
   */
  solicit(): Promise<Solicited> {
    const { promise, resolve, reject } = withResolvers<Solicited>();
    this.#offers
      .run(async () => {
        const { response, acknowledge } = await this.#invite({});
        const offer = sdpIn(response);
        const acknowledged = withResolvers<'acknowledged'>();
        let open = true;
        const acknowledgeWith = (body: Sdp) => {
          open = false;
          this.#exchange = IDLE;
          acknowledged.resolve('acknowledged');
          acknowledge({ body, headers: { 'Content-Type': 'application/sdp' } });
        };
        const decline = () => {
          if (open) acknowledgeWith(this.#local);
        };
        if (offer === undefined) {
          decline();
          throw new OfferRefused({ status: 488 });
        }
        const answer = (answered: Sdp) => {
          if (!open) throw new EarpieceError('unavailable', 'the offer of the phone was declined already');
          this.#remote = detached(offer);
          this.#local = this.#origin.speak(answered);
          acknowledgeWith(this.#local);
        };
        resolve({ offer, answer, decline });
        await within(this.#whileUp(acknowledged.promise), TRANSACTION_MS, 'the answer to the offer of a phone').catch(
          (error: unknown) => {
            this.#log.warn({ err: error }, 'an offer we asked for is declined');
            guarded(this.#log, 'ACK', decline);
          },
        );
      })
      .catch(reject);
    return promise;
  }

  /** Sends an INFO or MESSAGE; resolves with the status of its response. Rejects with `unavailable` or `timeout`. */
  async pass(method: string, content: Content): Promise<number> {
    const { response } = await requestInDialog(this.#stack, this.#dialog, { method, ...content }, TRANSACTION_MS);
    return response.status;
  }

  /**
   * The connection to drachtio was lost: it answers what this phone says with 481 from now on, and tells nobody (measured). We can
   * still speak in the dialog, so the phone is asked now and then whether it is still there.
   */
  orphaned(): void {
    clearInterval(this.#probing);
    if (this.up) this.#probing = setInterval(() => void this.#probe(), PROBE_MS).unref();
  }

  /** Ends the leg with BYE. Never rejects; twice is fine. */
  async hangUp(headers: Headers = {}): Promise<void> {
    if (!this.up) return;
    this.#finish();
    this.#log.info('leg hung up');
    const { promise, resolve } = withResolvers<'ended' | 'unsent'>();
    try {
      this.#dialog.destroy({ headers }, (cause) => {
        resolve(cause === null || cause === undefined ? 'ended' : 'unsent');
      });
      // srf gives up a dialog whose connection to drachtio was renewed; drachtio does not.
      const bye = promise.then(async (outcome) => {
        if (outcome === 'unsent') await requestInDialog(this.#stack, this.#dialog, { method: 'BYE', headers }, BYE_MS);
      });
      await within(bye, BYE_MS, 'BYE');
    } catch (error) {
      this.#log.warn({ err: error }, 'no answer to BYE');
    }
  }

  #answers(
    event: 'modify' | 'update' | 'info' | 'message' | 'refer',
    handle: (request: StackRequest, reply: Reply) => unknown,
  ): void {
    this.#dialog.on(event, (request, reply) => answering(this.#log, request, reply, () => handle(request, reply)));
  }

  async #probe(): Promise<void> {
    try {
      const { response } = await requestInDialog(this.#stack, this.#dialog, { method: 'OPTIONS' }, PROBE_MS);
      if (response.status === 481) this.#end({});
    } catch (error) {
      if (isDialogGone(error)) this.#end({});
      else this.#log.warn({ err: error }, 'a phone that cannot be heard does not answer');
    }
  }

  /** The INVITE of ours that the phone takes, after as many as it answers with 491. Leaves the exchange ours. */
  async #invite(content: Content): Promise<FinalResponse> {
    for (let attempt = 1; ; attempt++) {
      await this.#ready();
      this.#exchange = { is: 'ours' };
      const request = {
        method: 'INVITE',
        ...content,
        headers: { ...content.headers, Contact: this.#dialog.local.contact },
      };
      try {
        const final = await this.#whileUp(requestInDialog(this.#stack, this.#dialog, request, TRANSACTION_MS));
        const { status } = final.response;
        if (status < 300) return final;
        if (status === 481) this.#end({});
        if (status !== 491 || attempt === GLARE_ATTEMPTS) throw refusedBy(final);
        this.#log.info({ attempt }, 'both sides change their media at once, trying again');
      } catch (error) {
        this.#exchange = IDLE;
        throw error;
      }
      this.#exchange = IDLE;
      await this.#whileUp(delay(glarePause(this.#dialog.type), undefined, { signal: this.#over.signal }));
    }
  }

  /**
   * Waits until we may send an INVITE (RFC 3261 14.1). An offer of the phone that waits for its answer gets 491: whoever has
   * to answer it may be waiting for us. The phone tries again.
   */
  async #ready(): Promise<void> {
    this.#assertUp();
    if (this.#exchange.is === 'theirs') this.#exchange.withdraw();
    if (this.#exchange.is === 'settling') await this.#whileUp(this.#exchange.settled);
    this.#assertUp();
  }

  async #onInvite(request: StackRequest, reply: Reply): Promise<void> {
    const offer = descriptionIn(request);
    if (offer === 'unreadable') {
      respond(reply, { status: 415, headers: { Accept: 'application/sdp' } });
      return;
    }
    await this.#exchangeTheirs(request, reply, async (answer, withdrawn) => {
      if (offer === 'none') return this.#answerLate(cseqOf(request), answer);
      const answered = await this.#answerTo(offer.sdp, withdrawn);
      if (answer(answered)) void this.#settle(cseqOf(request));
    });
  }

  async #onUpdate(request: StackRequest, reply: Reply): Promise<void> {
    const offer = descriptionIn(request);
    if (offer === 'none') {
      respond(reply, { status: 200, headers: { Contact: this.#dialog.local.contact } });
      return;
    }
    if (offer === 'unreadable') {
      respond(reply, { status: 415, headers: { Accept: 'application/sdp' } });
      return;
    }
    await this.#exchangeTheirs(request, reply, async (answer, withdrawn) => {
      answer(await this.#answerTo(offer.sdp, withdrawn));
    });
  }

  /** Runs an exchange of the phone's, unless another is going on; failures become responses. `answer` says whether it was still wanted. */
  async #exchangeTheirs(
    request: StackRequest,
    reply: Reply,
    task: (answer: (description: Sdp) => boolean, withdrawn: AbortSignal) => Promise<void>,
  ): Promise<void> {
    if (this.#exchange.is === 'ours') {
      respond(reply, { status: 491 });
      return;
    }
    // RFC 3261 14.2: a second one before the first is answered.
    if (this.#exchange.is === 'theirs') {
      respond(reply, { status: 500, headers: { 'Retry-After': String(Math.ceil(Math.random() * 10)) } });
      return;
    }

    const before = this.#remote;
    const turn = new AbortController();
    const withdrawn = turn.signal;
    const withdraw = () => {
      turn.abort();
      this.#remote = before;
      this.#exchange = IDLE;
    };
    const theirs: Exchange = {
      is: 'theirs',
      withdraw: () => {
        withdraw();
        respond(reply, { status: 491 });
      },
    };
    this.#exchange = theirs;
    request.on('cancel', withdraw);
    const answer = (description: Sdp): boolean => {
      if (withdrawn.aborted || !this.up) return false;
      this.#local = this.#origin.speak(description);
      const headers = { 'Content-Type': 'application/sdp', Contact: this.#dialog.local.contact };
      respond(reply, { status: 200, headers }, this.#local);
      return true;
    };
    try {
      await task(answer, withdrawn);
    } catch (error) {
      if (withdrawn.aborted) return;
      this.#remote = before;
      const refusal = refusalOfOffer(error);
      this.#log.info({ status: refusal.status, err: error }, 'new media of the phone refused');
      if (!reply.finalResponseSent) respond(reply, refusal);
    } finally {
      if (this.#exchange === theirs) this.#exchange = IDLE;
    }
  }

  async #answerTo(offer: Sdp, withdrawn: AbortSignal): Promise<Sdp> {
    const audio = audioOf(offer);
    if (audio === 'broken') throw new OfferRefused({ status: 400 });
    if (audio === 'no-audio') throw new OfferRefused({ status: 488 });
    // A session refresh (RFC 4028 7.4): nothing changes, nobody needs to be asked.
    if (offer === this.#remote) return this.#local;
    this.#remote = detached(offer);
    return within(this.#listener.offered(this, this.#remote, withdrawn), TRANSACTION_MS, 'the answer to an offer');
  }

  async #answerLate(cseq: number, answer: (description: Sdp) => boolean): Promise<void> {
    const late = await within(this.#listener.asked(this), TRANSACTION_MS, 'an offer');
    if (!answer(late.offer)) return late.answered(undefined);
    const theirs = await this.#settle(cseq).catch((error: unknown) => {
      this.#log.warn({ err: error }, 'no ACK with an answer');
      return undefined;
    });
    if (theirs !== undefined) this.#remote = theirs;
    await late.answered(theirs);
  }

  /**
   * From our 200 to its ACK, which has the CSeq of the INVITE; resolves with the SDP in it. srf tells of an ACK one turn late: that of
   * the previous exchange may come when the next INVITE is here already.
   */
  #settle(cseq: number): Promise<Sdp | undefined> {
    const { promise, resolve } = withResolvers<Sdp | undefined>();
    const settled = within(this.#whileUp(promise), TRANSACTION_MS, 'ACK');
    const settling: Exchange = { is: 'settling', settled: within(settled, SETTLING_MS, 'ACK').catch(() => undefined) };
    this.#exchange = settling;
    this.#acknowledged = (number, sdp) => {
      if (number !== cseq) return;
      this.#acknowledged = undefined;
      if (this.#exchange === settling) this.#exchange = IDLE;
      resolve(sdp === undefined ? undefined : detached(sdp));
    };
    return settled;
  }

  async #firstAck(cseq: number): Promise<Sdp | undefined> {
    const answer = await this.#settle(cseq);
    if (answer !== undefined) this.#remote = answer;
    return answer;
  }

  /** The reason keeps Node from making an exception with a stack for every call. */
  #finish(): void {
    this.#over.abort('over');
    clearInterval(this.#probing);
  }

  #end(headers: Headers): void {
    if (!this.up) return;
    this.#finish();
    this.#log.info('leg ended by its phone');
    this.#listener.ended(this, headers);
  }

  /** Settles like the task, or rejects when the leg is over. */
  #whileUp<T>(task: Promise<T>): Promise<T> {
    return unless(this.#over.signal, task, () => new EarpieceError('unavailable', 'the phone has hung up'));
  }

  #assertUp(): void {
    if (!this.up) throw new EarpieceError('unavailable', 'the phone has hung up');
  }
}
