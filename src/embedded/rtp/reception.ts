/** What a receiver counts of one source: loss and jitter (RFC 3550 section 6.4.1, appendices A.1, A.3, A.8). */
import { SAMPLES_PER_MS } from './frame.ts';
import { sequenceDistance } from './sequence.ts';

export interface ReceptionReport {
  readonly ssrc: number;
  /** Of 256, since the last report. */
  readonly fractionLost: number;
  readonly packetsLost: number;
  readonly highestSequence: number;
  /** In samples. */
  readonly jitter: number;
}

export class Reception {
  #ssrc: number | undefined;
  #first = 0;
  /** Extended by the count of wraps. */
  #highest = 0;
  #received = 0;
  #jitter = 0;
  #lastTransit: number | undefined;
  /** Of the SSRCs before this one. */
  #lostBefore = 0;
  #receivedBefore = 0;
  #expectedAtReport = 0;
  #receivedAtReport = 0;

  get ssrc(): number | undefined {
    return this.#ssrc;
  }

  get packetsReceived(): number {
    return this.#receivedBefore + this.#received;
  }

  get packetsLost(): number {
    return this.#lostBefore + this.#expected - this.#received;
  }

  get jitterMs(): number {
    return this.#jitter / SAMPLES_PER_MS;
  }

  /** @param arrival ms */
  count(packet: { ssrc: number; sequence: number; timestamp: number }, arrival: number): void {
    if (this.#ssrc !== packet.ssrc) this.#begin(packet);
    const ahead = sequenceDistance(this.#highest & 0xffff, packet.sequence);
    if (ahead > 0) this.#highest += ahead;
    this.#received++;
    const transit = arrival * SAMPLES_PER_MS - packet.timestamp;
    if (this.#lastTransit !== undefined) {
      const difference = Math.abs(transit - this.#lastTransit);
      // A timestamp that wrapped or began anew says nothing about the network.
      if (difference < 0xffff) this.#jitter += (difference - this.#jitter) / 16;
    }
    this.#lastTransit = transit;
  }

  /** Closes the interval since the last report; nothing before the first packet. */
  report(): ReceptionReport | undefined {
    if (this.#ssrc === undefined) return undefined;
    const expected = this.#expected - this.#expectedAtReport;
    const lost = expected - (this.#received - this.#receivedAtReport);
    this.#expectedAtReport = this.#expected;
    this.#receivedAtReport = this.#received;
    return {
      ssrc: this.#ssrc,
      fractionLost: expected > 0 && lost > 0 ? Math.min(255, Math.floor((lost * 256) / expected)) : 0,
      packetsLost: Math.max(-0x800000, Math.min(0x7fffff, this.#expected - this.#received)),
      highestSequence: this.#highest >>> 0,
      jitter: Math.round(this.#jitter),
    };
  }

  get #expected(): number {
    return this.#ssrc === undefined ? 0 : this.#highest - this.#first + 1;
  }

  #begin(packet: { ssrc: number; sequence: number }): void {
    this.#lostBefore = this.packetsLost;
    this.#receivedBefore = this.packetsReceived;
    this.#ssrc = packet.ssrc;
    this.#first = packet.sequence;
    this.#highest = packet.sequence;
    this.#received = 0;
    this.#expectedAtReport = 0;
    this.#receivedAtReport = 0;
    this.#lastTransit = undefined;
  }
}
