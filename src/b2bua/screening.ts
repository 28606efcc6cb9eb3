import type { Sdp } from '../coaching/leg.ts';
import { unsupported } from './headers.ts';
import type { Refusal } from './responses.ts';
import { descriptionIn, refusalOf } from './sdp.ts';
import type { StackMessage } from './stack.ts';

/** RFC 3261 8.1.1.6. */
const MAX_FORWARDS = 70;

/** How often the call may be sent on from here; `undefined` on nonsense. */
export function forwardsLeft(invite: StackMessage): number | undefined {
  const text = invite.get('Max-Forwards') ?? String(MAX_FORWARDS);
  return /^\s*\d{1,3}\s*$/.test(text) ? Math.min(Number(text), MAX_FORWARDS) : undefined;
}

/** What can be wrong with an INVITE, before anybody else hears of it; else what it offers (`undefined`: it wants an offer). */
export function screen(invite: StackMessage): Refusal | { readonly offer: Sdp | undefined } {
  const forwards = forwardsLeft(invite);
  if (forwards === undefined) return { status: 400, reason: 'Bad Max-Forwards' };
  if (forwards === 0) return { status: 483 };
  if (!invite.has('Contact')) return { status: 400, reason: 'Missing Contact' }; // 8.1.1.8
  const missing = unsupported(invite);
  if (missing !== undefined) return { status: 420, headers: { Unsupported: missing } };
  const offer = descriptionIn(invite);
  if (offer === 'unreadable') return { status: 415, headers: { Accept: 'application/sdp' } };
  if (offer === 'none') return { offer: undefined };
  return refusalOf(offer.sdp) ?? { offer: offer.sdp };
}
