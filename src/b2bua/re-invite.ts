import { NoCommonCodec } from '../coaching/errors.ts';
import type { Sdp } from '../coaching/leg.ts';
import type { Logger } from '../log.ts';
import type { FinalResponse } from './in-dialog-request.ts';
import { OfferRefused } from './responses.ts';
import { audioOf, codecNamesOf, shareCodec } from './sdp.ts';
import type { StackDialog } from './stack.ts';

/** RFC 3261 14.1, in ms: whoever chose the Call-ID waits longer, so that the two do not meet again. */
export function glarePause(type: StackDialog['type']): number {
  const [from, to] = type === 'uac' ? [2100, 4000] : [0, 2000];
  return from + 10 * Math.floor(Math.random() * ((to - from) / 10 + 1));
}

/** How often an offer is repeated after 491. */
const GLARE_ATTEMPTS = 6;

/** Sends until the phone does not say 491: both sides changed their media at once. Rejects like `send`. */
export async function afterGlare<T>(send: () => Promise<T>, pause: () => Promise<unknown>, log: Logger): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await send();
    } catch (error) {
      const glare = error instanceof OfferRefused && error.refusal.status === 491;
      if (!glare || attempt === GLARE_ATTEMPTS) throw error;
      log.info({ attempt }, 'both sides change their media at once, trying again');
    }
    await pause();
  }
}

/** The number that an INVITE and its ACK share. */
export const cseqOf = (message: { get?: (name: string) => string | undefined }): number =>
  Number.parseInt(message.get?.('CSeq') ?? '', 10);

/** Throws what an offer without usable audio is refused with. */
export function assertAudio(offer: Sdp): void {
  const audio = audioOf(offer);
  if (audio === 'broken') throw new OfferRefused({ status: 400 });
  if (audio === 'no-audio') throw new OfferRefused({ status: 488 });
}

/** Why the phone refused, in its words. */
export function refusedBy({ response }: FinalResponse): OfferRefused {
  const { status, reason } = response;
  const warning = response.get('Warning');
  return new OfferRefused({ status, reason, ...(warning !== undefined && { headers: { Warning: warning } }) });
}

/**
 * What the refusal of an offer of ours means: none of its codecs, where the phone says that our media will not do (488, 606) and has
 * never spoken of any of them. `said`: what it has said of its media. Any other error is itself.
 */
export function unspoken(error: unknown, offer: Sdp, said: Sdp): unknown {
  const refused = error instanceof OfferRefused && [488, 606].includes(error.refusal.status);
  return refused && !shareCodec(offer, said) ? new NoCommonCodec(codecNamesOf(offer), 'the phone', error) : error;
}
