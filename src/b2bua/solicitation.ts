import type { Sdp } from '../coaching/leg.ts';
import { EarpieceError } from '../coaching/errors.ts';
import { withResolvers } from './deadline.ts';
import type { Solicited } from './leg-listener.ts';
import type { Acknowledge } from './stack.ts';

/** The leg that asked its phone for an offer. */
export interface Soliciting {
  /** What the phone was told last. */
  readonly local: Sdp;
  /** The ACK is on its way. */
  done(): void;
  /** The answer is that of the phone's new session; returns it as it goes out. */
  agreed(answer: Sdp): Sdp;
}

/**
 * An offer that a phone made because it was asked (RFC 3725 flow I): somebody answers or declines it, once. The ACK to the
 * phone carries that; `acknowledged` resolves when it has been sent.
 */
export function solicitation(
  leg: Soliciting,
  offer: Sdp,
  acknowledge: Acknowledge,
): Solicited & { readonly acknowledged: Promise<unknown> } {
  const { promise: acknowledged, resolve } = withResolvers<'acknowledged'>();
  let open = true;
  const acknowledgeWith = (body: Sdp) => {
    open = false;
    leg.done();
    resolve('acknowledged');
    acknowledge({ body, headers: { 'Content-Type': 'application/sdp' } });
  };
  return {
    offer,
    acknowledged,
    answer: (answer) => {
      if (!open) throw new EarpieceError('unavailable', 'the offer of the phone was declined already');
      acknowledgeWith(leg.agreed(answer));
    },
    decline: () => {
      if (open) acknowledgeWith(leg.local);
    },
  };
}
