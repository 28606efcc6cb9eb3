import { setTimeout as delay } from 'node:timers/promises';
import { EarpieceError } from '../coaching/errors.ts';
import type { LegId, Sdp } from '../coaching/leg.ts';
import { Serial } from '../coaching/serial.ts';
import type { Logger } from '../log.ts';
import { AwaitedAck } from './awaited-ack.ts';
import { unless, withResolvers, within } from './deadline.ts';
import { detached } from './dialog-memory.ts';
import { type Exchange, IDLE, offerIn } from './exchange.ts';
import { answering, guarded } from './guard.ts';
import { headersOfEnd } from './headers.ts';
import type { FinalResponse } from './in-dialog-request.ts';
import { LegDialog } from './leg-dialog.ts';
import type { LegListener, Solicited } from './leg-listener.ts';
import type { LegRecord } from './leg-record.ts';
import { Lookout } from './lookout.ts';
import { Origin } from './origin.ts';
import { afterGlare, assertAudio, cseqOf, glarePause, refusedBy } from './re-invite.ts';
import { OfferRefused, refusalOfOffer, respond, tryLater } from './responses.ts';
import { descriptionIn, samePlace, sdpIn } from './sdp.ts';
import { solicitation } from './solicitation.ts';
import type { Content, Headers, Reply, Stack, StackDialog, StackRequest } from './stack.ts';

/** Timer B of RFC 3261 (64 × T1), in ms: how long the phone may take to answer an INVITE, or to acknowledge ours. */
const TRANSACTION_MS = 32_000;
/** How long an offer waits for the ACK to the previous exchange, in ms: T2; and how long hanging up may take. */
const [SETTLING_MS, BYE_MS] = [4_000, 2_000];

/** One SIP dialog that is up: what was said of its media on both sides, and who may speak next. */
export class Leg {
  readonly id: LegId;
  /** The first ACK, with the SDP in it, when the phone called us; at once when we called it. Rejects with `timeout`. */
  readonly confirmed: Promise<Sdp | undefined>;
  readonly #dialog: LegDialog;
  readonly #listener: LegListener<Leg>;
  readonly #log: Logger;
  readonly #origin = new Origin();
  readonly #offers = new Serial();
  #state: 'up' | 'over' = 'up';
  /** Made when somebody waits. */
  #over: AbortController | undefined;
  readonly #lookout: Lookout;
  readonly #ack = new AwaitedAck();
  #remote: Sdp;
  #local: Sdp;
  #doubted = false;
  #exchange: Exchange = IDLE;

  /**
   * Of a dialog that was just made, to be called in the callback that brings it: no message of the phone can come in between.
   * Or of what a process has written down that is gone.
   */
  constructor(
    stack: Stack,
    from: StackDialog | LegRecord,
    said: { readonly remote: Sdp; readonly local: Sdp },
    listener: LegListener<Leg>,
    log: Logger,
  ) {
    const left = 'dialog' in from ? from : undefined;
    this.id = left?.id ?? crypto.randomUUID();
    this.#listener = listener;
    this.#log = log;
    this.#remote = said.remote;
    this.#local = left === undefined ? this.#origin.speak(said.local) : this.#origin.resume(said.local);
    const firstInvite = 'dialog' in from ? undefined : cseqOf(from.req);
    this.#dialog = new LegDialog(stack, 'dialog' in from ? from.dialog : from, (dialog) => this.#hear(dialog));
    this.#lookout = new Lookout(this.#dialog, { rejoin: () => this.#rejoin(), gone: () => this.#gone() }, this.#log);
    const called = firstInvite !== undefined && this.#dialog.facts.type === 'uas';
    this.confirmed = called ? this.#firstAck(firstInvite) : Promise.resolve(undefined);
  }

  get up(): boolean {
    return this.#state === 'up';
  }

  /** Whether the phone reaches us. */
  get heard(): boolean {
    return this.#dialog.held;
  }

  /** What the phone last said of its media. */
  get remote(): Sdp {
    return this.#remote;
  }

  /** What the phone was last told; empty where that is not certain. */
  get local(): Sdp {
    return this.#doubted ? '' : this.#local;
  }

  /** What was written down of the phone's session may be overtaken. */
  doubt(): void {
    this.#doubted = true;
  }

  /** What a later process has to know to go on with the leg. */
  get record(): LegRecord {
    return { id: this.id, dialog: this.#dialog.facts, remote: this.#remote, local: this.#local };
  }

  /** Re-INVITEs with an offer; resolves with the answer. Rejects with `unavailable` or `timeout`; the session is then as it was. */
  offer(description: Sdp): Promise<Sdp> {
    return this.#offers.run(async () => {
      const offer = this.#origin.speak(description);
      const answer = await this.#exchangeOurs(offer);
      if (answer === undefined) throw new OfferRefused({ status: 488 });
      this.#agreed({ remote: detached(answer), local: offer });
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
        const soliciting = {
          local: this.#local,
          done: () => {
            this.#exchange = IDLE;
          },
          agreed: (answered: Sdp) => {
            this.#agreed({ remote: detached(offer ?? ''), local: this.#origin.speak(answered) });
            return this.#local;
          },
        };
        const solicited = solicitation(soliciting, offer ?? '', acknowledge);
        if (offer === undefined) {
          solicited.decline();
          throw new OfferRefused({ status: 488 });
        }
        resolve(solicited);
        const answered = within(
          this.#whileUp(solicited.acknowledged),
          TRANSACTION_MS,
          'the answer to the offer of a phone',
        );
        await answered.catch((error: unknown) => {
          this.#log.warn({ err: error }, 'an offer we asked for is declined');
          guarded(this.#log, 'ACK', () => {
            solicited.decline();
          });
        });
      })
      .catch(reject);
    return promise;
  }

  /** Sends an INFO or MESSAGE; resolves with the status of its response. Rejects with `unavailable` or `timeout`. */
  async pass(method: string, content: Content): Promise<number> {
    return (await this.#dialog.request({ method, ...content }, TRANSACTION_MS)).response.status;
  }

  /** The connection to drachtio is lost: what was being said to the phone, or by it, comes to nothing. */
  disconnected(): void {
    this.#lookout.stop();
    if (this.#exchange.is === 'theirs') this.#exchange.withdraw();
    this.#dialog.lost();
  }

  /** Looks for the phone now, and now and then, and gives drachtio back what it has forgotten. Resolves after the first look; never rejects. */
  async regain(): Promise<void> {
    if (this.up && !this.heard) await this.#lookout.start();
  }

  /** What the phone says while drachtio does not know the dialog is to be said again: at 481 the phone would hang up. */
  astray(reply: Reply): void {
    respond(reply, tryLater());
    void this.regain();
  }

  /** Ends the leg with BYE. Never rejects; twice is fine. */
  async hangUp(headers: Headers = {}): Promise<void> {
    if (!this.up) return;
    this.letGo();
    this.#log.debug({ legId: this.id }, 'leg hung up');
    try {
      await within(this.#dialog.bye(headers), BYE_MS, 'BYE');
    } catch (error) {
      this.#log.warn({ err: error }, 'no answer to BYE');
    }
  }

  /** It is over here, without a word to the phone. */
  letGo(): void {
    this.#state = 'over';
    this.#over?.abort('over');
    this.#lookout.stop();
  }

  #hear(dialog: StackDialog): void {
    const answers = (
      event: 'modify' | 'update' | 'info' | 'message' | 'refer',
      handle: (request: StackRequest, reply: Reply) => unknown,
    ) => dialog.on(event, (request, reply) => answering(this.#log, request, reply, () => handle(request, reply)));
    dialog.on('destroy', (bye) => guarded(this.#log, 'BYE', () => this.#end(headersOfEnd(bye))));
    answers('modify', (request, reply) => this.#onInvite(request, reply));
    answers('update', (request, reply) => this.#onUpdate(request, reply));
    answers('info', (request, reply) => this.#listener.passed(this, request, reply));
    answers('message', (request, reply) => this.#listener.passed(this, request, reply));
    answers('refer', (_request, reply) => respond(reply, { status: 501 }));
    dialog.on('ack', (ack) => guarded(this.#log, 'ACK', () => this.#ack.heard(ack)));
  }

  /** Repeats to the phone what it was told last, which changes nothing for it and gives drachtio the dialog. */
  #rejoin(): Promise<void> {
    return this.#offers.run(async () => {
      if (this.heard) return;
      const answer = await this.#exchangeOurs(this.#local);
      this.#log.info('drachtio knows the dialog again');
      const moved = answer !== undefined && !samePlace(answer, this.#remote);
      this.#agreed({ remote: moved ? detached(answer) : this.#remote, local: this.#local });
      if (!moved) return;
      this.#listener.offered(this, this.#remote, this.#ending).catch((error: unknown) => {
        this.#log.warn({ err: error }, 'nobody was told where the phone is now');
      });
    });
  }

  async #exchangeOurs(body: Sdp): Promise<Sdp | undefined> {
    const { response, acknowledge } = await this.#invite({ body, headers: { 'Content-Type': 'application/sdp' } });
    acknowledge();
    this.#exchange = IDLE;
    return sdpIn(response);
  }

  #agreed({ remote, local }: { remote: Sdp; local: Sdp }): void {
    this.#remote = remote;
    this.#local = local;
    this.#doubted = false;
    this.#listener.changed(this);
  }

  /** The INVITE of ours that the phone takes, after as many as it answers with 491. Leaves the exchange ours. */
  #invite({ headers, ...content }: Content): Promise<FinalResponse> {
    const send = async () => {
      await this.#ready();
      this.#exchange = { is: 'ours' };
      const request = { method: 'INVITE', ...content, headers: { ...headers, Contact: this.#dialog.facts.contact } };
      try {
        const final = await this.#whileUp(this.#dialog.request(request, TRANSACTION_MS));
        const { status } = final.response;
        if (status === 481) this.#end({});
        if (status >= 300) throw refusedBy(final);
        this.#dialog.refreshTarget(final.response);
        return final;
      } catch (error) {
        this.#exchange = IDLE;
        throw error;
      }
    };
    const { type } = this.#dialog.facts;
    const pause = () => this.#whileUp(delay(glarePause(type), undefined, { signal: this.#ending }));
    return afterGlare(send, pause, this.#log);
  }

  /** Until we may send an INVITE (RFC 3261 14.1). An offer of the phone gets 491: who has to answer it may be waiting for us. */
  async #ready(): Promise<void> {
    if (this.#exchange.is === 'theirs') this.#exchange.withdraw();
    if (this.#exchange.is === 'settling') await this.#whileUp(this.#exchange.settled);
    if (!this.up) throw new EarpieceError('unavailable', 'the phone has hung up');
  }

  async #onInvite(request: StackRequest, reply: Reply): Promise<void> {
    this.#dialog.refreshTarget(request);
    await this.#exchangeTheirs(request, reply, async (offer, answer, withdrawn) => {
      const cseq = cseqOf(request);
      if (offer === undefined) return this.#answerLate(cseq, answer);
      if (answer(await this.#answerTo(offer, withdrawn))) void this.#settle(cseq);
    });
  }

  async #onUpdate(request: StackRequest, reply: Reply): Promise<void> {
    this.#dialog.refreshTarget(request);
    if (descriptionIn(request) === 'none') {
      respond(reply, { status: 200, headers: { Contact: this.#dialog.facts.contact } });
      return;
    }
    await this.#exchangeTheirs(request, reply, async (offer = '', answer, withdrawn) => {
      answer(await this.#answerTo(offer, withdrawn));
    });
  }

  /** Runs an exchange of the phone's, unless another is going on; failures become responses. `answer` says whether it was still wanted. */
  async #exchangeTheirs(
    request: StackRequest,
    reply: Reply,
    task: (offer: Sdp | undefined, answer: (description: Sdp) => boolean, withdrawn: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const asked = offerIn(request, this.#exchange);
    if ('status' in asked) {
      respond(reply, asked);
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
      this.#agreed({ remote: this.#remote, local: this.#origin.speak(description) });
      const headers = { 'Content-Type': 'application/sdp', Contact: this.#dialog.facts.contact };
      respond(reply, { status: 200, headers }, this.#local);
      return true;
    };
    try {
      await task(asked.offer, answer, withdrawn);
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
    assertAudio(offer);
    // A session refresh (RFC 4028 7.4): nothing changes.
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
    if (theirs !== undefined) this.#agreed({ remote: theirs, local: this.#local });
    await late.answered(theirs);
  }

  /** From our 200 to its ACK; resolves with the SDP in it. */
  #settle(cseq: number): Promise<Sdp | undefined> {
    const acknowledged = this.#ack.to(cseq, () => {
      if (this.#exchange === settling) this.#exchange = IDLE;
    });
    const settled = within(this.#whileUp(acknowledged), TRANSACTION_MS, 'ACK');
    const settling: Exchange = { is: 'settling', settled: within(settled, SETTLING_MS, 'ACK').catch(() => undefined) };
    this.#exchange = settling;
    return settled;
  }

  async #firstAck(cseq: number): Promise<Sdp | undefined> {
    const answer = await this.#settle(cseq);
    if (answer !== undefined) this.#remote = answer;
    return answer;
  }

  /** Nobody hears the phone: should it hear us, it is told that the call is over. */
  #gone(): void {
    void this.hangUp();
    this.#listener.ended(this, {});
  }

  #end(headers: Headers): void {
    if (!this.up) return;
    this.letGo();
    this.#log.debug({ legId: this.id }, 'leg ended by its phone');
    this.#listener.ended(this, headers);
  }

  /** Settles like the task, or rejects when the leg is over. */
  #whileUp<T>(task: Promise<T>): Promise<T> {
    return unless(this.#ending, task, () => new EarpieceError('unavailable', 'the phone has hung up'));
  }

  get #ending(): AbortSignal {
    this.#over ??= new AbortController();
    // The reason keeps Node from making an exception with a stack.
    if (!this.up) this.#over.abort('over');
    return this.#over.signal;
  }
}
