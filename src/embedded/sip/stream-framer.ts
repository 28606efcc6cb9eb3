import { headerKey } from './header-names.ts';

/** The largest message taken from a stream, headers and body together. */
export const MAX_MESSAGE_BYTES = 64 * 1024;

const HEAD_END = Buffer.from('\r\n\r\n');
const CR = 13;
const LF = 10;

/** The stream cannot be cut into messages any more; the connection has to go. */
export class SipFramingError extends Error {
  override readonly name = 'SipFramingError';
}

/**
 * Cuts a byte stream into SIP messages by their Content-Length (RFC 3261 18.3): several messages in one
 * segment, one message in many. Keep-alive CRLFs between messages are dropped and counted (RFC 5626 3.5.1).
 */
export class StreamFramer {
  #pending: Buffer = Buffer.alloc(0);
  /** Bytes of `#pending` already known not to end the headers: many small segments cost linear time. */
  #searched = 0;
  /** Double-CRLF pings seen; each deserves a CRLF pong. */
  pings = 0;

  /**
   * @returns the messages completed by this segment, as raw bytes.
   * @throws SipFramingError when no Content-Length is readable or the message is too large.
   */
  push(segment: Uint8Array): Buffer[] {
    this.#pending = this.#pending.length === 0 ? Buffer.from(segment) : Buffer.concat([this.#pending, segment]);
    const messages: Buffer[] = [];
    for (let next = this.#take(); next !== undefined; next = this.#take()) messages.push(next);
    return messages;
  }

  #take(): Buffer | undefined {
    this.#dropKeepAlive();
    const headEnd = this.#pending.indexOf(HEAD_END, Math.max(0, this.#searched - 3));
    if (headEnd < 0) {
      this.#searched = this.#pending.length;
      if (this.#pending.length > MAX_MESSAGE_BYTES) throw new SipFramingError('headers too large');
      return undefined;
    }
    const length = headEnd + HEAD_END.length + contentLength(this.#pending.toString('latin1', 0, headEnd));
    if (length > MAX_MESSAGE_BYTES) throw new SipFramingError(`message of ${length} bytes`);
    if (this.#pending.length < length) return undefined;
    const message = this.#pending.subarray(0, length);
    this.#pending = this.#pending.subarray(length);
    this.#searched = 0;
    return message;
  }

  #dropKeepAlive(): void {
    let at = 0;
    while (this.#pending[at] === CR && this.#pending[at + 1] === LF) at += 2;
    if (at === 0) return;
    this.pings += Math.floor(at / 4);
    this.#pending = this.#pending.subarray(at);
    this.#searched = 0;
  }
}

function contentLength(head: string): number {
  for (const line of head.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon < 0 || headerKey(line.slice(0, colon).trim()) !== 'content-length') continue;
    const digits = line.slice(colon + 1).trim();
    if (!/^\d{1,9}$/.test(digits)) throw new SipFramingError(`bad Content-Length '${digits}'`);
    return Number(digits);
  }
  // RFC 3261 18.3 makes it mandatory on streams; a message without it can only be taken as having no body.
  return 0;
}
