/** Digits as named events in RTP (RFC 4733 section 2.3). */
import type { Digit } from './media.ts';
import { timestampDistance } from './sequence.ts';

const DIGITS = '0123456789*#ABCD';

export const EVENT_PAYLOAD_BYTES = 4;

export interface TelephoneEvent {
  /** 0..15 are the digits; others (flash, tones) are passed over. */
  readonly event: number;
  readonly end: boolean;
  /** 0..63, the power in -dBm0. */
  readonly volume: number;
  /** Samples since the packet's timestamp. */
  readonly duration: number;
}

export function parseTelephoneEvent(payload: Uint8Array): TelephoneEvent | undefined {
  const [event, flags, high, low] = payload;
  if (event === undefined || flags === undefined || high === undefined || low === undefined) return undefined;
  return { event, end: (flags & 0x80) !== 0, volume: flags & 0x3f, duration: (high << 8) | low };
}

export function writeTelephoneEvent(into: Uint8Array, at: number, event: TelephoneEvent): void {
  into[at] = event.event;
  into[at + 1] = (event.end ? 0x80 : 0) | event.volume;
  into[at + 2] = event.duration >> 8;
  into[at + 3] = event.duration & 0xff;
}

/** The event number of a digit, or `undefined` for what is none. */
export function eventOfDigit(digit: string): number | undefined {
  const event = DIGITS.indexOf(digit.toUpperCase());
  return digit.length === 1 && event >= 0 ? event : undefined;
}

/** With no packet of an event for so long it is over, end packets or not (RFC 4733 section 2.5.1.4 speaks of three packet times). */
const LOST_END_MS = 100;

/**
 * Tells each digit once: at the first packet with the end bit, or, when all of those were lost, at the next event or
 * after {@link LOST_END_MS} of silence. The timestamp names the event (section 2.5.1.2).
 */
export class DigitReceiver {
  #current: { timestamp: number; event: number; duration: number; lastHeard: number } | undefined;
  #lastTold: number | undefined;
  readonly #tell: (digit: Digit) => void;

  constructor(tell: (digit: Digit) => void) {
    this.#tell = tell;
  }

  /** @param now ms */
  receive(timestamp: number, { event, end, duration }: TelephoneEvent, now: number): void {
    // Repeated end packets, and late ones of an event already told.
    if (this.#lastTold !== undefined && timestampDistance(this.#lastTold, timestamp) <= 0) {
      if (timestampDistance(this.#lastTold, timestamp) > -0x10000) return;
    }
    if (this.#current && this.#current.timestamp !== timestamp) this.#finish();
    const longest = Math.max(duration, this.#current?.duration ?? 0);
    this.#current = { timestamp, event, duration: longest, lastHeard: now };
    if (end) this.#finish();
  }

  /** To be called now and then: ends an event whose end packets were lost. */
  poll(now: number): void {
    if (this.#current && now - this.#current.lastHeard >= LOST_END_MS) this.#finish();
  }

  #finish(): void {
    const current = this.#current;
    if (!current) return;
    this.#current = undefined;
    this.#lastTold = current.timestamp;
    const digit = DIGITS[current.event];
    if (digit !== undefined) this.#tell({ digit, duration: current.duration });
  }
}
