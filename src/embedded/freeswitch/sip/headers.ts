/** What we understand in and outside of dialogs. */
export const ALLOWED = 'INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE';

/** In every message of ours that is not a mere acknowledgement. */
export const SERVER_HEADERS: Readonly<Record<string, string>> = {
  'User-Agent': 'FreeSWITCH-miniature',
  Allow: ALLOWED,
};

/** Of a 2xx with a session description in it. */
export function answerHeaders(contact: string): Readonly<Record<string, string>> {
  return {
    Contact: contact,
    ...SERVER_HEADERS,
    Accept: 'application/sdp',
    'Content-Type': 'application/sdp',
    'Content-Disposition': 'session',
  };
}
