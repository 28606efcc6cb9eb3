import type { Sdp } from '../coaching/leg.ts';
import type { Headers, Reply, StackRequest } from './stack.ts';

/** What a leg (`L`) tells whoever holds it. */
export interface LegListener<L> {
  /** The phone offers new media. Resolves with the answer; when the offer is withdrawn nobody waits for it any more. */
  offered(leg: L, offer: Sdp, withdrawn: AbortSignal): Promise<Sdp>;
  /** The phone wants to be offered something (an INVITE without SDP). */
  asked(leg: L): Promise<LateOffer>;
  /** An INFO or MESSAGE for the other side. */
  passed(leg: L, request: StackRequest, reply: Reply): void;
  /** What a later process would have to know of the leg is something else now. */
  changed(leg: L): void;
  /** The phone hung up, or the dialog is lost. Not called after `hangUp`. */
  ended(leg: L, headers: Headers): void;
}

export interface LateOffer {
  readonly offer: Sdp;
  /** The answer that came in the ACK; `undefined` when there was none. */
  answered(answer: Sdp | undefined): Promise<void>;
}

/** What a phone offered because we asked for it. One of the two must be called. */
export interface Solicited {
  readonly offer: Sdp;
  answer(answer: Sdp): void;
  /** Leaves the session as it was, as far as that can be said. */
  decline(): void;
}
