import type { FinalResponse } from './in-dialog-request.ts';
import { OfferRefused } from './responses.ts';
import type { StackDialog } from './stack.ts';

/** RFC 3261 14.1, in ms: whoever chose the Call-ID waits longer, so that the two do not meet again. */
export function glarePause(type: StackDialog['type']): number {
  const [from, to] = type === 'uac' ? [2100, 4000] : [0, 2000];
  return from + 10 * Math.floor(Math.random() * ((to - from) / 10 + 1));
}

/** The number that an INVITE and its ACK share. */
export const cseqOf = (message: { get?: (name: string) => string | undefined }): number =>
  Number.parseInt(message.get?.('CSeq') ?? '', 10);

/** Why the phone refused, in its words. */
export function refusedBy({ response }: FinalResponse): OfferRefused {
  const { status, reason } = response;
  const warning = response.get('Warning');
  return new OfferRefused({ status, reason, ...(warning !== undefined && { headers: { Warning: warning } }) });
}
