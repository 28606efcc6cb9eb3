import type { Sdp } from '../coaching/leg.ts';
import { type Refusal, tryLater } from './responses.ts';
import { descriptionIn } from './sdp.ts';
import type { StackMessage } from './stack.ts';

/** The offer/answer exchange in progress on a leg (RFC 3261 section 14, RFC 3264 section 4: one at a time). */
export type Exchange =
  | { readonly is: 'idle' }
  | { readonly is: 'ours' }
  | { readonly is: 'theirs'; readonly withdraw: () => void }
  /** Our 200 is out, its ACK has not come. */
  | { readonly is: 'settling'; readonly settled: Promise<unknown> };

export const IDLE: Exchange = { is: 'idle' };

/** The offer of the phone, if it makes one, or why it cannot be taken up now. */
export function offerIn(message: StackMessage, present: Exchange): { readonly offer: Sdp | undefined } | Refusal {
  const offer = descriptionIn(message);
  if (offer === 'unreadable') return { status: 415, headers: { Accept: 'application/sdp' } };
  if (present.is === 'ours') return { status: 491 };
  // RFC 3261 14.2: a second one before the first is answered.
  if (present.is === 'theirs') return tryLater();
  return { offer: offer === 'none' ? undefined : offer.sdp };
}
