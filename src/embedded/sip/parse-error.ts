import type { SipRequest } from './message-types.ts';

/** What is wrong with a message from the wire, and what an answer to it needs, where an answer is possible. */
export class SipParseError extends Error {
  override readonly name = 'SipParseError';
  /** The response it deserves: 400, 505 for a foreign version. */
  readonly status: number;
  /** The request as far as it could be read; absent for a response, an ACK or when there is nobody to answer. */
  readonly partial: SipRequest | undefined;

  constructor(message: string, status = 400, partial?: SipRequest) {
    super(message);
    this.status = status;
    this.partial = partial;
  }
}
