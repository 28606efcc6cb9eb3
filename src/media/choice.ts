/** A server as far as a choice is concerned. */
export interface Candidate {
  /** Why it takes no room now; `undefined` when it does. */
  readonly refusal: string | undefined;
  /** Sessions as a share of those it can have. */
  readonly share: number;
  readonly rooms: number;
}

/** The server for the next room: of those that take one the least loaded, of these the one with the fewest rooms. */
export function choose<C extends Candidate>(candidates: readonly C[]): C | undefined {
  return candidates
    .filter(({ refusal }) => refusal === undefined)
    .reduce<C | undefined>((best, each) => (best === undefined || isBetter(each, best) ? each : best), undefined);
}

const isBetter = (a: Candidate, b: Candidate): boolean =>
  a.share < b.share || (a.share === b.share && a.rooms < b.rooms);
