import type { Sdp } from '../coaching/leg.ts';
import { EarpieceError } from '../coaching/errors.ts';
import type { Logger } from '../log.ts';
import type { Solicited } from './leg-listener.ts';
import { agrees, shareCodec } from './sdp.ts';

/** What is needed of a leg here. */
export interface Negotiator {
  readonly remote: Sdp;
  readonly local: Sdp;
  offer(offer: Sdp): Promise<Sdp>;
  solicit(): Promise<Solicited>;
}

/** How often a phone may change its mind while the two are told of each other. */
const ROUNDS = 3;

/**
 * Lets two phones send their media to each other. Each is offered what the other said last, both at the same time, so that
 * the conversation misses as little as possible. Where that cannot fit (no codec in common in what they said last) one is asked for a
 * fresh offer, which the other answers (RFC 3725 flow I).
 *
 * Rejects with `unavailable` or `timeout`; a phone that had already agreed is then given back what it had.
 */
export async function connectDirectly(a: Negotiator, b: Negotiator, log: Logger): Promise<void> {
  if (!shareCodec(a.remote, b.remote)) return introduce(a, b);
  const before = { a: a.local, b: b.local };
  const told = { ofA: a.remote, ofB: b.remote };
  const [ofA, ofB] = await Promise.allSettled([a.offer(told.ofB), b.offer(told.ofA)]);
  try {
    if (ofA.status === 'rejected') throw EarpieceError.from(ofA.reason);
    if (ofB.status === 'rejected') throw EarpieceError.from(ofB.reason);
    await settle({ a, b, told });
  } catch (error) {
    log.warn({ err: error }, 'the parties could not be connected directly');
    const agreed = [
      ...(ofA.status === 'fulfilled' ? [a.offer(before.a)] : []),
      ...(ofB.status === 'fulfilled' ? [b.offer(before.b)] : []),
    ];
    for (const each of await Promise.allSettled(agreed)) {
      if (each.status === 'rejected') log.error({ err: each.reason }, 'a party is left without media');
    }
    throw error;
  }
}

/** Tells each phone of what the other answered, as long as that differs from what it had been told. */
async function settle({ a, b, told }: { a: Negotiator; b: Negotiator; told: { ofA: Sdp; ofB: Sdp } }): Promise<void> {
  let { ofA, ofB } = told;
  for (let round = 0; round < ROUNDS; round++) {
    const [saidA, saidB] = [a.remote, b.remote];
    const [newA, newB] = [!agrees(ofA, saidA), !agrees(ofB, saidB)];
    if (!newA && !newB) return;
    // One after the other: the answer of the first is what the second has to know.
    if (newA) await b.offer(saidA);
    ofA = saidA;
    const freshB = b.remote;
    if (!agrees(ofB, freshB)) await a.offer(freshB);
    ofB = freshB;
  }
  await introduce(a, b);
}

/** Asks one phone for an offer, takes it to the other, and brings the answer back in the ACK. */
async function introduce(a: Negotiator, b: Negotiator): Promise<void> {
  const solicited = await a.solicit();
  try {
    solicited.answer(await b.offer(solicited.offer));
  } catch (error) {
    solicited.decline();
    throw error;
  }
}
