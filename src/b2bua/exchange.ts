/** The offer/answer exchange in progress on a leg (RFC 3261 section 14, RFC 3264 section 4: one at a time). */
export type Exchange =
  | { readonly is: 'idle' }
  | { readonly is: 'ours' }
  | { readonly is: 'theirs'; readonly withdraw: () => void }
  /** Our 200 is out, its ACK has not come. */
  | { readonly is: 'settling'; readonly settled: Promise<unknown> };

export const IDLE: Exchange = { is: 'idle' };
