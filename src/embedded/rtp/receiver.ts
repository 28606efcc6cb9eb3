import { LAWS, type Law } from './g711.ts';
import type { Digit, StreamConfiguration } from './media.ts';
import { parseRtp, type RtpPacket } from './packet.ts';
import { ReceiveBuffer } from './receive-buffer.ts';
import { Reception } from './reception.ts';
import { SourceLatch } from './source-latch.ts';
import { DigitReceiver, parseTelephoneEvent } from './telephone-event.ts';

/** A device that starts a new SSRC may have packets of the old one on the way, ms. */
const OLD_SSRC_MS = 200;
/** Comfort noise (RFC 3389): says that there is nothing to hear. */
const COMFORT_NOISE = 13;

/** The incoming half of a stream: whose packet is it, what is in it, where does it belong. */
export class Receiver {
  readonly latch = new SourceLatch();
  readonly buffer = new ReceiveBuffer();
  readonly reception = new Reception();
  readonly #digits: DigitReceiver;
  #laws = new Map<number, Law>();
  #telephoneEvent: number | undefined;
  #ssrc: { current: number; previous: number | undefined; since: number } | undefined;
  /** Whether what comes is to be heard (SDP direction). */
  open = false;
  rejected = 0;
  firstHeard: number | undefined;
  lastHeard: number | undefined;

  constructor(onDigit: (digit: Digit) => void) {
    this.#digits = new DigitReceiver(onDigit);
  }

  configure({ remote, codec, telephoneEvent, direction }: StreamConfiguration): void {
    this.latch.expect(remote);
    // The static payload types (RFC 3551 section 6) are understood in any case: a change of codec overlaps.
    this.#laws = new Map([
      [0, LAWS.PCMU],
      [8, LAWS.PCMA],
      [codec.payloadType, LAWS[codec.name]],
    ]);
    this.#telephoneEvent = telephoneEvent;
    this.open = direction === 'sendrecv' || direction === 'recvonly';
  }

  /** @param now ms; @returns the new audio, which is in the buffer too */
  receive(datagram: Buffer, address: string, port: number, now: number): Int16Array | undefined {
    const packet = parseRtp(datagram);
    if (!packet || !this.#isKnown(packet.payloadType) || !this.latch.accept(address, port, now)) {
      this.rejected++;
      return undefined;
    }
    if (!this.#isCurrent(packet.ssrc, now)) return undefined;
    this.firstHeard ??= now;
    this.lastHeard = now;
    this.reception.count(packet, now);
    this.#digits.poll(now);
    return this.open ? this.#take(packet, now) : undefined;
  }

  /** To be called now and then: ends a digit whose end was lost. */
  poll(now: number): void {
    this.#digits.poll(now);
  }

  #take(packet: RtpPacket, now: number): Int16Array | undefined {
    if (packet.payloadType === this.#telephoneEvent) {
      const event = parseTelephoneEvent(packet.payload);
      if (event) this.#digits.receive(packet.timestamp, event, now);
      return undefined;
    }
    const law = this.#laws.get(packet.payloadType);
    if (!law) return undefined;
    const samples = this.buffer.insert(packet.ssrc, packet.timestamp, packet.payload.length, now);
    if (!samples) return undefined;
    law.decode(packet.payload, samples);
    return samples;
  }

  #isKnown(payloadType: number): boolean {
    return this.#laws.has(payloadType) || payloadType === this.#telephoneEvent || payloadType === COMFORT_NOISE;
  }

  #isCurrent(ssrc: number, now: number): boolean {
    const known = this.#ssrc;
    if (known?.current === ssrc) return true;
    if (known?.previous === ssrc && now - known.since < OLD_SSRC_MS) return false;
    this.#ssrc = { current: ssrc, previous: known?.current, since: now };
    return true;
  }
}
