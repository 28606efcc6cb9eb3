/** Hangup causes with their Q.850 values; above 127 they are FreeSWITCH's own and never go out as Q.850. */
const CAUSES: Readonly<Record<string, number>> = {
  UNALLOCATED_NUMBER: 1,
  NO_ROUTE_DESTINATION: 3,
  NORMAL_CLEARING: 16,
  USER_BUSY: 17,
  NO_USER_RESPONSE: 18,
  NO_ANSWER: 19,
  CALL_REJECTED: 21,
  DESTINATION_OUT_OF_ORDER: 27,
  NORMAL_UNSPECIFIED: 31,
  NORMAL_TEMPORARY_FAILURE: 41,
  INCOMPATIBLE_DESTINATION: 88,
  RECOVERY_ON_TIMER_EXPIRE: 102,
  INTERWORKING: 127,
  ORIGINATOR_CANCEL: 487,
  SYSTEM_SHUTDOWN: 501,
  MANAGER_REQUEST: 503,
  MEDIA_TIMEOUT: 604,
};

export const NORMAL_CLEARING = 'NORMAL_CLEARING';

/** Reads what `hangup` and `uuid_kill` take: a name or a number; anything else clears normally. */
export function hangupCause(text: string | undefined): string {
  const wanted = (text ?? '').trim().toUpperCase();
  if (wanted in CAUSES) return wanted;
  const byNumber = Object.entries(CAUSES).find(([, value]) => String(value) === wanted);
  return byNumber?.[0] ?? NORMAL_CLEARING;
}

/** The Reason header of a BYE or a refusal (RFC 3326), as FreeSWITCH writes it. */
export function reasonHeader(cause: string): string {
  const value = CAUSES[cause] ?? 16;
  return `${value < 128 ? 'Q.850' : 'FreeSWITCH'};cause=${value};text="${cause}"`;
}
