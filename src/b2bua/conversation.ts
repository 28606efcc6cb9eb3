import type { Call, CallId } from '../coaching/call.ts';
import type { Party, Sdp } from '../coaching/leg.ts';
import type { CallControl } from '../coaching/ports.ts';
import type { Logger } from '../log.ts';
import { connectDirectly, connected, type Words } from './direct-media.ts';
import { answering, guarded } from './guard.ts';
import { contentOf } from './headers.ts';
import type { Leg } from './leg.ts';
import type { LateOffer, LegListener, Solicited } from './leg-listener.ts';
import { type CallRecord, type LegRecord, callOf } from './leg-record.ts';
import { repair } from './media-repair.ts';
import { unspoken } from './re-invite.ts';
import { glare, respond } from './responses.ts';
import { activated } from './sdp.ts';
import type { Headers, Reply, StackRequest } from './stack.ts';

export interface ConversationPorts {
  readonly control: CallControl;
  readonly log: Logger;
  /** Called once, before the core hears of the call. */
  readonly established: (conversation: Conversation) => void;
  /** What a later process would have to know of the call is something else now. */
  readonly changed: (conversation: Conversation) => void;
  /** Called once, when both legs are over. */
  readonly forgotten: (conversation: Conversation) => void;
}

/** Who the two are, without their legs. */
export type CallParties = {
  readonly caller: Omit<Party, 'legId'>;
  readonly callee: Omit<Party, 'legId'>;
} & Pick<Call, 'dnis' | 'type'>;

/**
 * Two legs that talk to each other. Where their media flow is decided by the core; here an offer of one becomes an offer to
 * the other, digits pass, and when one hangs up so does the other.
 *
 *     connecting ──► established ──► over
 *          └────────────────────────────┘
 */
export class Conversation implements LegListener<Leg> {
  readonly id: CallId;
  readonly #ports: ConversationPorts;
  /** Says which call it is. */
  readonly log: Logger;
  #call: Call | undefined;
  #caller: Leg | undefined;
  #callee: Leg | undefined;
  #state: 'connecting' | 'established' | 'over' = 'connecting';
  /** Whether the phones are meant to talk to each other, or each to the media server. */
  #media: 'direct' | 'anchored' = 'direct';
  /** What caller and callee said when they talked directly last. */
  #before: Words | undefined;
  #superseded: AbortController | undefined;
  #ending: Promise<void> | undefined;
  #endedBy: 'caller' | 'callee' | undefined;
  /** An offer of a party that is being answered: one at a time, the other party gets 491. */
  #pending: { readonly leg: Leg; readonly offer: Sdp | undefined } | undefined;

  constructor(id: CallId, ports: ConversationPorts) {
    this.id = id;
    this.#ports = ports;
    this.log = ports.log.child({ callId: id });
  }

  /** A call that a process has left behind that is gone. `legOf` makes a leg again of what was written down of it. */
  static left(
    { call, caller, callee, media }: CallRecord,
    ports: ConversationPorts,
    legOf: (record: LegRecord, listener: LegListener<Leg>) => Leg,
  ): Conversation {
    const conversation = new Conversation(call.id, ports);
    conversation.#call = callOf(call);
    conversation.#caller = legOf(caller, conversation);
    conversation.#callee = legOf(callee, conversation);
    conversation.#media = media;
    conversation.#state = 'established';
    ports.established(conversation);
    return conversation;
  }

  /** What a later process has to know to go on with the call; nothing while it is not up. */
  get record(): CallRecord | undefined {
    const [call, caller, callee] = [this.#call, this.#caller, this.#callee];
    if (this.#state !== 'established' || call === undefined || caller === undefined || callee === undefined)
      return undefined;
    return { is: 'call', call, caller: caller.record, callee: callee.record, media: this.#media };
  }

  /** It is not up yet, and what would bring it up was lost. */
  abandon(): void {
    if (this.#state === 'connecting') void this.end();
  }

  get legs(): Leg[] {
    return [this.#caller, this.#callee].filter((leg) => leg !== undefined);
  }

  /** The callee has answered. Hangs up again when the caller has gone in between. */
  answeredBy(callee: Leg): void {
    this.#callee = callee;
    if (this.#state === 'over') void callee.hangUp();
  }

  /** The caller has been told. Hangs up again when the callee has gone in between. */
  connectedTo(caller: Leg): void {
    this.#caller = caller;
    if (this.#state === 'over') void caller.hangUp();
  }

  /** The caller has acknowledged: the call is up. Says so to the core, unless one has hung up in the meantime. */
  establish({ caller, callee, ...rest }: CallParties): void {
    if (this.#state !== 'connecting' || this.#caller === undefined || this.#callee === undefined) return;
    this.#state = 'established';
    this.log.info({ type: rest.type }, 'call established');
    const call: Call = {
      id: this.id,
      ...rest,
      caller: { ...caller, legId: this.#caller.id },
      callee: { ...callee, legId: this.#callee.id },
    };
    this.#call = call;
    this.#ports.established(this);
    this.#ports.changed(this);
    guarded(this.log, 'callEstablished', () => this.#ports.control.callEstablished(call));
  }

  /** Offers the core's media to a leg, or passes on what the other party offers. */
  async offer(leg: Leg, offer: Sdp): Promise<Sdp> {
    const relayed = this.#pending !== undefined && this.#pending.leg !== leg && this.#pending.offer === offer;
    if (relayed) return leg.offer(offer);
    this.#aim('anchored');
    try {
      return await leg.offer(offer);
    } catch (error) {
      throw unspoken(error, offer, leg.remote);
    }
  }

  /**
   * From now on the phones are meant to talk to each other, whatever becomes of the first attempt. When that fails rejects with
   * `unavailable` or `timeout`, and goes on trying until it succeeds, the core offers something else, or the call is over.
   */
  async connectDirectly(): Promise<void> {
    const [caller, callee] = this.#both();
    const superseded = this.#aim('direct');
    try {
      await connectDirectly(caller, callee, superseded, this.#before);
    } catch (error) {
      if (!superseded.aborted) {
        this.log.warn({ err: error }, 'the parties could not be connected directly, trying again');
        const attempt = async () => {
          await this.#reconnect(caller, callee, superseded);
          guarded(this.log, 'connectedDirectly', () => this.#ports.control.connectedDirectly(this.id));
        };
        void repair(attempt, superseded, this.log);
      }
      throw error;
    }
  }

  /** Ends what is up; resolves when that is done. Twice is fine. */
  end(headers: Headers = {}): Promise<void> {
    this.#ending ??= this.#end(headers);
    return this.#ending;
  }

  /** Forgets the call without a word to its phones: somebody else goes on with it. */
  letGo(): void {
    if (this.#ending !== undefined) return;
    this.#ending = Promise.resolve();
    this.#state = 'over';
    this.#superseded?.abort('the call is held by another instance');
    for (const leg of this.legs) {
      leg.disconnected();
      leg.letGo();
    }
    this.log.warn('call is held by another instance');
    this.#ports.forgotten(this);
  }

  async offered(leg: Leg, offer: Sdp, withdrawn: AbortSignal): Promise<Sdp> {
    return this.#exclusively(leg, offer, () => this.#ports.control.offerReceived(this.id, leg.id, offer, withdrawn));
  }

  /** Directly: the other phone makes the offer. Anchored: what the endpoint said last, ready to send and receive. */
  asked(leg: Leg): Promise<LateOffer> {
    this.#assertFree();
    this.#pending = { leg, offer: undefined };
    const release = () => {
      this.#pending = undefined;
    };
    return this.#lateOffer(leg, release).catch((error: unknown) => {
      release();
      throw error;
    });
  }

  passed(leg: Leg, request: StackRequest, reply: Reply): void {
    const far = this.#farOf(leg);
    if (far === undefined) {
      respond(reply, { status: 481 });
      return;
    }
    answering(this.log, request, reply, async () => {
      const status = await far.pass(request.method, contentOf(request)).catch((error: unknown) => {
        this.log.warn({ err: error, method: request.method }, 'could not be passed on');
        return 500;
      });
      // What would end the dialog here, too, stays with the far phone (RFC 3261 12.2.1.2).
      respond(reply, { status: status === 481 || status === 408 ? 500 : status });
    });
  }

  changed(): void {
    this.#ports.changed(this);
  }

  ended(leg: Leg, headers: Headers): void {
    this.#endedBy ??= leg === this.#caller ? 'caller' : 'callee';
    void this.end(headers);
  }

  /** Says where the media shall flow; what was decided before is superseded. The signal tells when that happens to this decision. */
  #aim(media: 'direct' | 'anchored'): AbortSignal {
    const aim = new AbortController();
    const [caller, callee] = this.#both();
    if (media === 'anchored' && this.#media === 'direct' && connected(caller, callee)) {
      this.#before = [caller.remote, callee.remote];
    }
    this.#superseded?.abort('something else was decided');
    this.#superseded = aim;
    this.#media = media;
    this.#ports.changed(this);
    return aim.signal;
  }

  /** Not while a phone changes its media itself: its offer would be refused for ours, and may be just what is needed. */
  async #reconnect(caller: Leg, callee: Leg, superseded: AbortSignal): Promise<void> {
    if (this.#pending !== undefined) throw glare();
    await connectDirectly(caller, callee, superseded);
  }

  async #end(headers: Headers): Promise<void> {
    const was = this.#state;
    this.#state = 'over';
    this.#superseded?.abort('the call is over');
    // Whatever the core makes of it: the phones are hung up.
    if (was === 'established') guarded(this.log, 'callEnded', () => this.#ports.control.callEnded(this.id));
    await Promise.all(this.legs.map((leg) => leg.hangUp(headers)));
    this.log.info({ by: this.#endedBy ?? 'us' }, 'call ended');
    this.#ports.forgotten(this);
  }

  async #lateOffer(leg: Leg, release: () => void): Promise<LateOffer> {
    const far = this.#farOf(leg);
    if (this.#media === 'direct' && far !== undefined) return lateOfferOf(await far.solicit(), release);
    return {
      offer: activated(leg.local),
      answered: async (answer) => {
        release();
        if (answer !== undefined) await this.#ports.control.offerReceived(this.id, leg.id, answer);
      },
    };
  }

  async #exclusively<T>(leg: Leg, offer: Sdp, task: () => Promise<T>): Promise<T> {
    this.#assertFree();
    this.#pending = { leg, offer };
    try {
      return await task();
    } finally {
      this.#pending = undefined;
    }
  }

  #assertFree(): void {
    if (this.#state !== 'established' || this.#pending !== undefined) throw glare();
  }

  #both(): [Leg, Leg] {
    if (this.#caller === undefined || this.#callee === undefined) throw glare();
    return [this.#caller, this.#callee];
  }

  #farOf(leg: Leg): Leg | undefined {
    return leg === this.#caller ? this.#callee : this.#caller;
  }
}

const lateOfferOf = (far: Solicited, release: () => void): LateOffer => ({
  offer: far.offer,
  answered: (answer) => {
    release();
    if (answer === undefined) far.decline();
    else far.answer(answer);
    return Promise.resolve();
  },
});
