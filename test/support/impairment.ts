import { seededRandom } from './random.ts';

/** A bad network. Shares are of 0 to 1; the same seed treats the same packets alike. */
export interface Impairment {
  /** Share of packets that never leave. */
  readonly loss?: number;
  /** Every packet is late by 0 to this many ms, evenly distributed. */
  readonly jitterMs?: number;
  /** Share of packets that leave twice. */
  readonly duplicate?: number;
  /** Share of packets that leave after their successor. */
  readonly reorder?: number;
  readonly seed?: number;
}

/** Late enough to come after the next packet of 20 ms. */
const overtaken = 30;

/** Tells for packet after packet how many ms later it goes out: [] is lost, two entries are a copy. */
export function impaired(network: Impairment): () => readonly number[] {
  const random = seededRandom(network.seed ?? 1);
  const happens = (share = 0) => random() < share;
  return () => {
    const [lost, copied, late] = [happens(network.loss), happens(network.duplicate), happens(network.reorder)];
    const delay = random() * (network.jitterMs ?? 0) + (late ? overtaken : 0);
    if (lost) return [];
    return copied ? [delay, delay] : [delay];
  };
}
