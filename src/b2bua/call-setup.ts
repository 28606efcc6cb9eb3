import { EarpieceError } from '../coaching/errors.ts';
import type { Sdp } from '../coaching/leg.ts';
import type { Logger } from '../log.ts';
import { Attempt, isUnreachable, type Refused } from './attempt.ts';
import type { CallParties, Conversation } from './conversation.ts';
import { guarded } from './guard.ts';
import { ALLOW, headersOfEnd, headersOfResponse } from './headers.ts';
import { Leg } from './leg.ts';
import { respond } from './responses.ts';
import { sdpIn } from './sdp.ts';
import { displayText, parseNameAddr, splitList } from './sip-uri.ts';
import type {
  AnsweredDialog,
  Headers,
  OfferedDialog,
  Reply,
  Stack,
  StackDialog,
  StackRequest,
  StackResponse,
} from './stack.ts';
import type { Target } from './target.ts';

/** How often a callee may send a call on. */
const MOST_REDIRECTIONS = 5;

/** A call that has been let in. */
export interface SetupRequest {
  readonly request: StackRequest;
  readonly reply: Reply;
  /** What the caller offers; `undefined`: it wants to be offered something. */
  readonly offer: Sdp | undefined;
  readonly headers: Headers;
  readonly targets: readonly Target[];
  readonly ringMs: number;
}

export interface SetupPorts {
  readonly stack: Stack;
  readonly log: Logger;
  /** The phones of one of our devices that a callee sends the call on to; none when the contact is somebody else. */
  readonly redirect: (contact: string) => readonly Target[];
  /** Who is talking to whom, for the phone that has answered. */
  readonly parties: (answeredBy: Target, displayName: string | undefined) => CallParties;
  /** Called once: the INVITE has its final response. */
  readonly over: (setup: CallSetup) => void;
}

/**
 * From an INVITE that was let in to two legs: rings the callee's phones one after the other, passes on what they say, and answers
 * the caller with their answer. Offers and answers pass untouched.
 */
export class CallSetup {
  readonly #ports: SetupPorts;
  readonly #asked: SetupRequest;
  readonly #conversation: Conversation;
  readonly #log: Logger;
  readonly #waiting: Target[];
  readonly #tried = new Set<string>();
  #attempt: Attempt | undefined;
  #redirections = 0;
  #earlyAnswer: Sdp | undefined;
  #state: 'ringing' | 'answered' | 'over' = 'ringing';

  constructor(ports: SetupPorts, asked: SetupRequest, conversation: Conversation) {
    this.#ports = ports;
    this.#asked = asked;
    this.#conversation = conversation;
    this.#waiting = [...asked.targets];
    this.#log = conversation.log;
  }

  start(): void {
    this.#asked.request.on('cancel', (cancel) => {
      guarded(this.#log, 'CANCEL', () => this.cancel(headersOfEnd(cancel)));
    });
    this.#tryNext();
  }

  /** The caller, or we ourselves, gave up. Twice is fine. */
  cancel(headers: Headers = {}): void {
    if (this.#state !== 'ringing') return;
    this.#log.info('call cancelled');
    this.#finish();
    this.#attempt?.cancel(headers);
    respond(this.#asked.reply, { status: 487 });
    void this.#conversation.end();
  }

  /** The connection to the caller's transaction is lost: gives up, also when the callee has answered already. */
  abandon(): void {
    if (this.#state === 'ringing') {
      this.cancel();
      return;
    }
    this.#finish();
    void this.#conversation.end();
  }

  #tryNext(): void {
    const target = this.#waiting.shift();
    if (target === undefined) {
      this.#refuse(480);
      return;
    }
    if (this.#tried.has(target.uri)) {
      this.#tryNext();
      return;
    }
    this.#tried.add(target.uri);

    const { request, headers, ringMs, offer } = this.#asked;
    const body = request.body ?? '';
    const type = request.get('Content-Type') ?? 'application/sdp';
    const options = {
      headers: { ...headers, ...(offer !== undefined && { 'Content-Type': type }) },
      ...(offer === undefined ? { noAck: true } : { localSdp: body }),
      ...(target.proxy !== undefined && { proxy: target.proxy }),
      ...(target.auth !== undefined && { auth: target.auth }),
    };
    this.#attempt = new Attempt(this.#ports.stack, target.uri, options, ringMs, {
      provisional: (response) => guarded(this.#log, 'provisional response', () => this.#pass(response)),
      answered: (dialog) => this.#decided(() => this.#answered(dialog, target)),
      offered: (dialog) => this.#decided(() => this.#offered(dialog, target)),
      refused: (refused) => this.#decided(() => this.#refused(refused)),
    });
  }

  /** What a final response of the callee leads to; where that fails the call has failed, and the caller hears so. */
  #decided(handle: () => void): void {
    guarded(this.#log, 'final response', handle, () => {
      this.#refuse(500);
    });
  }

  /** Ringing, early media and progress reach the caller as they are. */
  #pass(response: StackResponse): void {
    if (this.#state !== 'ringing') return;
    this.#earlyAnswer = sdpIn(response) ?? this.#earlyAnswer;
    const { status, reason, body = '' } = response;
    respond(this.#asked.reply, { status, reason, headers: headersOfResponse(response) }, body);
  }

  #refused(refused: Refused): void {
    if (this.#state !== 'ringing') return;
    const { status, reason, response } = refused;
    if (status >= 300 && status < 400 && this.#redirected(response)) return;
    if (isUnreachable(refused) && this.#waiting.length > 0) {
      this.#tryNext();
      return;
    }
    if (refused.timedOut) {
      this.#refuse(480);
      return;
    }
    // Nobody but we could answer the far side's question for a password.
    if (status === 401 || status === 407) {
      this.#log.error({ status }, 'the callee wants a password of us');
      this.#refuse(403);
      return;
    }
    const contact = status >= 300 && status < 400 ? response?.get('Contact') : undefined;
    const headers = response === undefined ? {} : headersOfResponse(response);
    this.#refuse(status, reason, { ...headers, ...(contact !== undefined && { Contact: contact }) });
  }

  /** Whether the callee sent the call on to a phone of ours (RFC 3261 8.1.3.4). */
  #redirected(response: StackResponse | undefined): boolean {
    if (response === undefined || ++this.#redirections > MOST_REDIRECTIONS) return false;
    const contacts = splitList(response.get('Contact') ?? '').map((each) => parseNameAddr(each)?.uri);
    const targets = contacts.flatMap((uri) => (uri === undefined ? [] : this.#ports.redirect(uri)));
    const fresh = targets.filter(({ uri }) => !this.#tried.has(uri));
    if (fresh.length === 0) return false;
    this.#log.info('call sent on by its callee');
    this.#waiting.splice(0, this.#waiting.length, ...fresh);
    this.#tryNext();
    return true;
  }

  #answered(dialog: AnsweredDialog, target: Target): void {
    this.#state = 'answered';
    const { res } = dialog;
    const answer = sdpIn(res) ?? this.#earlyAnswer ?? '';
    const told = { headers: headersOfResponse(res), body: res.body ?? '', type: res.get('Content-Type') };
    const parties = this.#ports.parties(target, nameIn(res));
    const callee = this.#leg(dialog, { remote: answer, local: this.#asked.offer ?? '' });
    this.#conversation.answeredBy(callee);
    this.#answerCaller(
      told,
      (caller) => {
        this.#conversation.connectedTo(caller);
        caller.confirmed
          .then(() => this.#conversation.establish(parties))
          .catch((error: unknown) => this.#unconfirmed(error));
      },
      { remote: this.#asked.offer ?? '', local: answer },
    );
  }

  /** The callee makes the offer, the caller answers it in its ACK (RFC 3261 13.2.1). */
  #offered(dialog: OfferedDialog, target: Target): void {
    this.#state = 'answered';
    const { res, sdp: offer } = dialog;
    const parties = this.#ports.parties(target, nameIn(res));
    const told = { headers: headersOfResponse(res), body: offer, type: res.get('Content-Type') };
    this.#answerCaller(
      told,
      (caller) => {
        this.#conversation.connectedTo(caller);
        this.#confirmOffered(dialog, caller, parties).catch((error: unknown) => {
          void dialog.destroy();
          this.#unconfirmed(error);
        });
      },
      { remote: '', local: offer },
      () => void dialog.destroy(),
    );
  }

  async #confirmOffered(dialog: OfferedDialog, caller: Leg, parties: CallParties): Promise<void> {
    const answer = await caller.confirmed;
    if (answer === undefined) throw new TypeError('the caller acknowledged without an answer');
    const confirmed = await dialog.ack(answer);
    this.#conversation.answeredBy(this.#leg(confirmed, { remote: dialog.sdp, local: answer }));
    this.#conversation.establish(parties);
  }

  #answerCaller(
    { headers, body, type }: { headers: Headers; body: string; type: string | undefined },
    connected: (caller: Leg) => void,
    said: { remote: Sdp; local: Sdp },
    failed: () => void = () => undefined,
  ): void {
    const { request, reply } = this.#asked;
    const content = { ...headers, Allow: ALLOW, ...(body !== '' && { 'Content-Type': type ?? 'application/sdp' }) };
    let made = false;
    this.#ports.stack.createUAS(request, reply, { localSdp: body, headers: content }, (error, dialog) => {
      // srf tells of a CANCEL that crossed our 200 as well as of the 200: the first of the two holds.
      if (made) return dialog?.destroy({ headers: {} }, () => undefined);
      made = true;
      this.#finish();
      if (dialog !== undefined) {
        guarded(
          this.#log,
          'answer',
          () => connected(this.#leg(dialog, said)),
          () => void this.#conversation.end(),
        );
        return;
      }
      this.#log.info({ err: error }, 'the caller was gone when the call was answered');
      failed();
      void this.#conversation.end();
    });
  }

  #unconfirmed(error: unknown): void {
    // srf tells of an ACK one turn late: a BYE that comes with it is faster.
    if (EarpieceError.from(error).code === 'unavailable') this.#log.info('the caller hung up at once');
    else this.#log.warn({ err: error }, 'the caller did not acknowledge the answer');
    void this.#conversation.end();
  }

  #leg(dialog: StackDialog, said: { remote: Sdp; local: Sdp }): Leg {
    return new Leg(this.#ports.stack, dialog, said, this.#conversation, this.#log);
  }

  #refuse(status: number, reason = '', headers: Headers = {}): void {
    this.#log.info({ status }, 'call not answered');
    this.#finish();
    respond(this.#asked.reply, { status, reason, headers });
    void this.#conversation.end();
  }

  #finish(): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#ports.over(this);
  }
}

/** What the callee calls itself. */
const nameIn = (response: StackResponse): string | undefined =>
  displayText(parseNameAddr(response.get('P-Asserted-Identity') ?? response.get('To') ?? '')?.display);
