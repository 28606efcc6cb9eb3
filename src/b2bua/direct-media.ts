import type { Sdp } from '../coaching/leg.ts';
import { EarpieceError } from '../coaching/errors.ts';
import type { Solicited } from './leg-listener.ts';
import { agrees, codecsOf, sameStream, shareCodec, sharedCodecs } from './sdp.ts';

/** What is needed of a leg here. */
export interface Negotiator {
  readonly remote: Sdp;
  readonly local: Sdp;
  offer(offer: Sdp): Promise<Sdp>;
  solicit(): Promise<Solicited>;
}

/** What two phones said of their media. */
export type Words = readonly [a: Sdp, b: Sdp];

/** How often a phone may change its mind while the two are told of each other. */
const ROUNDS = 3;

/**
 * Lets two phones send their media to each other. Each is offered what the other said last, both at the same time, so that
 * the conversation misses as little as possible; a phone that knows that already is left alone. Where that cannot fit (no codec in common
 * in what they said last) one is asked for a fresh offer, which the other answers (RFC 3725 flow I).
 *
 * Rejects with `unavailable` or `timeout`. A phone that agreed then stays where it is: it waits for the other at the right place,
 * while what it had before may be a room that is about to close. To be called again for the one that refused.
 *
 * `before`: what they said when they talked directly last, which brings them back to the codec they had: a room speaks G.711 alone, and
 * whoever was in it said last that it speaks that.
 *
 * Aborting `signal` says that something newer has been decided for the two: nothing more is offered.
 */
export async function connectDirectly(
  a: Negotiator,
  b: Negotiator,
  signal: AbortSignal,
  before?: Words,
): Promise<void> {
  assertWanted(signal);
  if (connected(a, b)) return;
  const words = wordsOf([a.remote, b.remote], before);
  if (!shareCodec(...words)) return introduce(a, b, signal);
  await tellBoth(a, b, words);
  for (let round = 0; round < ROUNDS && !connected(a, b); round++) {
    // One after the other: the answer of the first is what the second has to know.
    for (const [each, other] of [
      [b, a],
      [a, b],
    ] as const) {
      assertWanted(signal);
      if (!knows(each, other)) await each.offer(other.remote);
    }
  }
  assertWanted(signal);
  if (!connected(a, b)) await introduce(a, b, signal);
}

function assertWanted(signal: AbortSignal): void {
  if (signal.aborted) throw new EarpieceError('unavailable', `not connected directly: ${String(signal.reason)}`);
}

/** Whether what the phone was last told is what the other says of itself now. */
const knows = (phone: Negotiator, other: Negotiator): boolean => agrees(phone.local, other.remote);

/** Whether each has been told of the other. */
export const connected = (a: Negotiator, b: Negotiator): boolean => knows(a, b) && knows(b, a);

/** What they said last, or what they said before, where they are where they were and have since said less. */
function wordsOf(last: Words, before: Words | undefined): Words {
  if (before === undefined || !before.every((said, n) => sameStream(said, last[n] ?? ''))) return last;
  const kept = sharedCodecs(...before).every((codec) => last.every((said) => codecsOf(said).includes(codec)));
  return kept ? last : before;
}

/** Tells each phone of the other. A refusal counts only when it matters: a phone that never went elsewhere need not be told. */
async function tellBoth(a: Negotiator, b: Negotiator, [ofA, ofB]: Words): Promise<void> {
  const offers = [
    [a, ofB],
    [b, ofA],
  ] as const;
  const told = await Promise.allSettled(
    offers.filter(([phone, said]) => !agrees(phone.local, said)).map(([phone, said]) => phone.offer(said)),
  );
  if (connected(a, b)) return;
  for (const each of told) if (each.status === 'rejected') throw EarpieceError.from(each.reason);
}

/** Asks one phone for an offer, takes it to the other, and brings the answer back in the ACK. */
async function introduce(a: Negotiator, b: Negotiator, signal: AbortSignal): Promise<void> {
  const solicited = await a.solicit();
  try {
    // What was decided meanwhile may have been offered to the other already: this would come behind it, and stay.
    assertWanted(signal);
    solicited.answer(await b.offer(solicited.offer));
  } catch (error) {
    solicited.decline();
    throw error;
  }
}
