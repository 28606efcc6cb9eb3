import { EarpieceError, type ErrorCode } from '../coaching/errors.ts';
import type { Content, Headers, Reply } from './stack.ts';

/** A final response: what a request is refused with. */
export interface Refusal {
  readonly status: number;
  readonly reason?: string;
  readonly headers?: Headers;
}

/**
 * What an error of the core is in SIP. Within a dialog nothing may be answered that ends it: 408 and 481 make the phone
 * hang up (RFC 3261 12.2.1.2), and a call is not harmed because its media could not be changed.
 */
const STATUS: Readonly<Record<ErrorCode, { readonly call: number; readonly inDialog: number }>> = {
  'invalid-request': { call: 400, inDialog: 400 },
  'invalid-state': { call: 500, inDialog: 500 },
  forbidden: { call: 403, inDialog: 403 },
  'not-found': { call: 404, inDialog: 481 },
  'already-monitored': { call: 486, inDialog: 500 },
  unavailable: { call: 480, inDialog: 488 },
  timeout: { call: 504, inDialog: 500 },
  'isolation-lost': { call: 500, inDialog: 500 },
};

/** How a new call is refused. */
export const refusalOfCall = (code: ErrorCode): Refusal => ({ status: STATUS[code].call });

/** How new media are refused within a call. The status of the far phone is passed on where that does no harm. */
export function refusalOfOffer(error: unknown): Refusal {
  if (error instanceof OfferRefused) {
    const { status, reason, headers } = error.refusal;
    if (status === 491 || (status >= 400 && ![401, 407, 408, 481].includes(status))) {
      return { status, ...(reason !== undefined && { reason }), ...(headers !== undefined && { headers }) };
    }
    return { status: 488 };
  }
  const status = STATUS[EarpieceError.from(error).code].inDialog;
  return status === 500 ? { status, headers: { 'Retry-After': '5' } } : { status };
}

/** The phone of a leg did not take an offer. */
export class OfferRefused extends EarpieceError {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super('unavailable', `the phone refused the media offered to it with ${refusal.status}`);
    this.refusal = refusal;
  }
}

/** The other side of the leg is changing its media itself: 491 (RFC 3261 14.2). */
export const glare = (): OfferRefused => new OfferRefused({ status: 491 });

/** Another time: within ten seconds, not all at once (RFC 3261 14.2). */
export const tryLater = (): Refusal => ({
  status: 500,
  headers: { 'Retry-After': String(Math.ceil(Math.random() * 10)) },
});

/** Sends a response, whatever its status: one that srf does not know goes out as what it means, or not at all. */
export function respond(reply: Reply, { status, reason = '', headers = {} }: Refusal, body = ''): void {
  const content: Content = { headers, ...(body !== '' && { body }) };
  try {
    reply.send(status, reason, content);
  } catch (error) {
    // srf throws at a status that is not in its table (of RFC 3261 and a few more), whatever reason comes with it.
    const known = meaningOf(status, body !== '');
    if (known === status) throw error;
    if (known !== undefined) reply.send(known, reason, content);
  }
}

/**
 * What a status means to who does not know it (RFC 3261 8.1.3.2): the x00 of its class, or progress (183). Progress without early
 * media (`101 Dialog Establishment`, as eXosip sends it) tells the caller nothing: `undefined`.
 */
function meaningOf(status: number, hasBody: boolean): number | undefined {
  if (status >= 200) return Math.floor(status / 100) * 100;
  return hasBody ? 183 : undefined;
}
