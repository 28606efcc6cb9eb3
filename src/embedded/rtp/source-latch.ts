/**
 * Symmetric RTP (RFC 4961): whose packets count, and where ours go. A phone behind a NAT sends from another address
 * than its SDP says; anybody else who sends to our port must not get into the call.
 *
 *     nothing heard yet ──SDP's address──▶ sure            anything else that comes is turned away
 *                       ──another──▶ learned               until SDP's own address is heard, or quiet: as above
 *     sure, learned     ──quiet, and another sends steadily──▶ learned (the other)
 */
import type { TransportAddress } from './media.ts';

/** The peer must have been silent for so long before another address may take its place, ms. */
const QUIET_MS = 500;
/** So many packets in a row must come from there. */
const STEADY_PACKETS = 5;

export class SourceLatch {
  /** What the SDP says. */
  #expected: TransportAddress | undefined;
  /** Where the peer's packets come from; nothing before the first. */
  #heard: TransportAddress | undefined;
  #lastHeard = -Infinity;
  #candidate: (TransportAddress & { packets: number }) | undefined;

  /** Where to send. */
  get remote(): TransportAddress | undefined {
    return this.#heard ?? this.#expected;
  }

  /** The SDP names an address: from now on it counts, and an old one that differs no longer does. */
  expect(address: TransportAddress | undefined): void {
    if (address && this.#expected && same(address, this.#expected)) return;
    this.#expected = address;
    if (address && this.#heard && !same(address, this.#heard)) {
      this.#heard = undefined;
      this.#lastHeard = -Infinity;
    }
    this.#candidate = undefined;
  }

  /** @param now ms; @returns whether the packet is the peer's */
  accept(address: string, port: number, now: number): boolean {
    const heard = this.#heard;
    if (heard?.address === address && heard.port === port) {
      this.#lastHeard = now;
      this.#candidate = undefined;
      return true;
    }
    const expected = this.#expected?.address === address && this.#expected.port === port;
    if (!heard || expected || this.#isSteady(address, port, now)) {
      this.#heard = { address, port };
      this.#lastHeard = now;
      this.#candidate = undefined;
      return true;
    }
    return false;
  }

  #isSteady(address: string, port: number, now: number): boolean {
    if (now - this.#lastHeard < QUIET_MS) return false;
    const candidate = this.#candidate;
    if (candidate?.address !== address || candidate.port !== port) {
      this.#candidate = { address, port, packets: 1 };
      return false;
    }
    candidate.packets++;
    return candidate.packets >= STEADY_PACKETS;
  }
}

function same(a: TransportAddress, b: TransportAddress): boolean {
  return a.address === b.address && a.port === b.port;
}
