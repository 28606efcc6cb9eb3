/**
 * What came of one source, decoded and in the order of its timestamps. Nobody takes anything out: each listener reads
 * at its own place (reader.ts), the oldest packets are overwritten.
 *
 * Places are counted in samples from an arbitrary origin and never wrap or jump back: a new SSRC or a timestamp out of
 * the blue goes on where the old one ended.
 */
import { ArrivalClock } from './arrival.ts';
import { FRAME_MS, FRAME_SAMPLES, SAMPLES_PER_MS } from './frame.ts';
import { timestampDistance } from './sequence.ts';

/** 60 ms, the longest packet taken. */
export const LONGEST_PACKET_SAMPLES = 3 * FRAME_SAMPLES;
/** 1.28 s of the usual packets. */
const SLOTS = 64;
/** A transit this far off the usual is no jitter: the sender began to count anew. */
const DISCONTINUITY_MS = 500;

interface Slot {
  start: number;
  end: number;
  readonly samples: Int16Array;
}

export class ReceiveBuffer {
  /** Sorted by start; the slot that falls out at the front is used again. */
  readonly #slots: Slot[] = [];
  readonly #clock = new ArrivalClock();
  #reference: { ssrc: number; timestamp: number; place: number } | undefined;
  #lastArrival = -Infinity;
  #lead = 0;

  /** ms after the nominal arrival of the place it begins at when a frame can be read with confidence. */
  get wait(): number {
    return this.#clock.margin + this.#lead;
  }

  get margin(): number {
    return this.#clock.margin;
  }

  /** Where the newest packet begins, or nothing before the first. */
  get newest(): number | undefined {
    return this.#slots.at(-1)?.start;
  }

  get lastArrival(): number {
    return this.#lastArrival;
  }

  /** When the sample at `place` comes on an undisturbed way, ms. */
  arrivalOf(place: number): number {
    return this.#clock.base + place / SAMPLES_PER_MS;
  }

  /**
   * Takes a packet in.
   * @param arrival ms
   * @returns the samples to decode into, or `undefined` when the packet is a duplicate, too old, or too long
   */
  insert(ssrc: number, timestamp: number, length: number, arrival: number): Int16Array | undefined {
    if (length === 0 || length > LONGEST_PACKET_SAMPLES) return undefined;
    const start = this.#placeOf(ssrc, timestamp, arrival);
    const slot = this.#slotAt(start);
    if (!slot) return undefined;
    slot.start = start;
    slot.end = start + length;
    this.#clock.add(arrival - start / SAMPLES_PER_MS);
    this.#lead = leadOf(length);
    this.#lastArrival = arrival;
    return slot.samples.subarray(0, length);
  }

  /** Copies the frame that begins at `place`; false when any of it is missing. */
  copy(place: number, into: Int16Array): boolean {
    const slots = this.#slots;
    let i = slots.length - 1;
    while (i >= 0 && (slots[i]?.start ?? 0) > place) i--;
    let at = place;
    for (const end = place + FRAME_SAMPLES; at < end; i++) {
      const slot = slots[i];
      if (!slot || slot.start > at || slot.end <= at) return false;
      const until = Math.min(slot.end, end);
      into.set(slot.samples.subarray(at - slot.start, until - slot.start), at - place);
      at = until;
    }
    return true;
  }

  /** The first place from `place` on of which there is something. */
  firstFrom(place: number): number | undefined {
    let first: number | undefined;
    for (let i = this.#slots.length - 1; i >= 0; i--) {
      const slot = this.#slots[i];
      if (!slot || slot.end <= place) break;
      first = Math.max(place, slot.start);
    }
    return first;
  }

  #placeOf(ssrc: number, timestamp: number, arrival: number): number {
    const reference = this.#reference;
    if (reference?.ssrc === ssrc) {
      const place = reference.place + timestampDistance(reference.timestamp, timestamp);
      const transit = arrival - place / SAMPLES_PER_MS;
      if (Math.abs(transit - this.#clock.base) < DISCONTINUITY_MS) {
        if (place > reference.place) this.#reference = { ssrc, timestamp, place };
        return place;
      }
    }
    // A new beginning: whole frames after the end of the old one, as many as the time that passed.
    const end = this.#slots.at(-1)?.end ?? 0;
    const passed = reference ? Math.max(0, Math.round((arrival - this.#lastArrival) / FRAME_MS) - 1) : 0;
    const place = end + passed * FRAME_SAMPLES;
    this.#clock.reset();
    this.#reference = { ssrc, timestamp, place };
    return place;
  }

  /** A slot in its place among the others, or nothing when that place is taken or before the oldest. */
  #slotAt(start: number): Slot | undefined {
    const slots = this.#slots;
    let i = slots.length;
    while (i > 0 && (slots[i - 1]?.start ?? 0) > start) i--;
    if (slots[i - 1]?.start === start || (i === 0 && slots.length === SLOTS)) return undefined;
    const full = slots.length === SLOTS;
    const slot = (full ? slots.shift() : undefined) ?? {
      start: 0,
      end: 0,
      samples: new Int16Array(LONGEST_PACKET_SAMPLES),
    };
    slots.splice(full ? i - 1 : i, 0, slot);
    return slot;
  }
}

/**
 * Frames are cut from packets of another length at places that move: how much later than the packet it begins in may
 * that be which a frame ends in? With 20, 40 and 60 ms not at all, with 10 and 30 ms by 10.
 */
function leadOf(length: number): number {
  let a = FRAME_SAMPLES;
  let b = length;
  while (b > 0) [a, b] = [b, a % b];
  return (FRAME_SAMPLES - a) / SAMPLES_PER_MS;
}
