import type { SipResponse } from '../sip/message.ts';

/** A 4xx that tells the caller what to do about it is worth more than one that does not (RFC 3261 16.7 step 6). */
const helpful = new Set([401, 407, 415, 420, 484]);

/** 6xx, then what helps, then the rest of 4xx, 5xx, 3xx: the order of drachtio-server 0.9.10. */
function rank({ status }: SipResponse): number {
  if (status >= 600) return 0;
  if (helpful.has(status)) return 1;
  if (status >= 400 && status < 500) return 2;
  return status >= 500 ? 3 : 4;
}

/** The response a proxy passes on when no destination accepted; of equals the first. */
export function bestResponse(responses: readonly SipResponse[]): SipResponse | undefined {
  let best: SipResponse | undefined;
  for (const response of responses) if (best === undefined || rank(response) < rank(best)) best = response;
  return best;
}
