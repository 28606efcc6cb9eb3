import { FRAME_MS, FRAME_SAMPLES, SAMPLES_PER_MS } from './frame.ts';
import { eventOfDigit, type TelephoneEvent } from './telephone-event.ts';

/** One event packet to send instead of a frame of audio. */
export interface EventPacket {
  readonly event: TelephoneEvent;
  /** First packet of the event: marker bit set (RFC 4733 section 2.5.1.1). */
  readonly first: boolean;
  /** How many frames ago the event began: its packets all carry the timestamp of its beginning. */
  readonly framesAgo: number;
  /** How often to send it; the end is sent three times (section 2.5.1.4). */
  readonly copies: number;
}

/** Silence between two digits, ms (ITU-T Q.24 asks for at least 40). */
const PAUSE_MS = 60;
/** -10 dBm0, what FreeSWITCH sends. */
const VOLUME = 10;
const LONGEST_MS = 8000;

interface Queued {
  readonly events: readonly number[];
  readonly frames: number;
  readonly done: () => void;
}

/** Plays digits as events, one packet per 20 ms frame. Pure: the caller's ticks are its clock. */
export class DigitSender {
  readonly #queue: Queued[] = [];
  #digit = 0;
  #frame = 0;

  /** @param ms length of each digit, rounded up to frames; @throws on a character that is no digit */
  send(digits: string, ms: number, done: () => void): void {
    const events = Array.from(digits, (digit) => {
      const event = eventOfDigit(digit);
      if (event === undefined) throw new Error(`not a digit: ${digit}`);
      return event;
    });
    if (events.length === 0) {
      done();
      return;
    }
    const frames = Math.ceil(Math.min(Math.max(ms, 2 * FRAME_MS), LONGEST_MS) / FRAME_MS);
    this.#queue.push({ events, frames, done });
  }

  get active(): boolean {
    return this.#queue.length > 0;
  }

  /** What to send in this frame: an event, `pause` for silence between digits, or nothing when no digit is due. */
  next(): EventPacket | 'pause' | undefined {
    const queued = this.#queue[0];
    const event = queued?.events[this.#digit];
    if (!queued || event === undefined) return undefined;
    const frame = this.#frame++;
    if (frame < queued.frames) {
      const end = frame === queued.frames - 1;
      const duration = (frame + 1) * FRAME_SAMPLES;
      return {
        event: { event, end, volume: VOLUME, duration },
        first: frame === 0,
        framesAgo: frame,
        copies: end ? 3 : 1,
      };
    }
    if ((frame - queued.frames + 1) * FRAME_SAMPLES >= PAUSE_MS * SAMPLES_PER_MS) this.#advance(queued);
    return 'pause';
  }

  /** Forgets what is not sent yet; those who wait are told. */
  clear(): void {
    for (const queued of this.#queue.splice(0)) queued.done();
    this.#digit = 0;
    this.#frame = 0;
  }

  #advance(queued: Queued): void {
    this.#frame = 0;
    this.#digit++;
    if (this.#digit < queued.events.length) return;
    this.#digit = 0;
    this.#queue.shift();
    queued.done();
  }
}
