import type { Sdp } from '../coaching/leg.ts';

/** o=<username> <sess-id> <sess-version> <nettype> <addrtype> <unicast-address> (RFC 4566 5.2). */
const ORIGIN = /^o=(\S+ \S+) (\d+) (\S+ \S+ \S+)(?=\r?$)/m;

/** More descriptions than a process says to a phone in the time it takes to write one down. */
const UNWRITTEN = 16n;

/**
 * Keeps what one phone is told by us one session (RFC 3264 section 8): while the media is direct its descriptions come from one
 * phone and pass untouched, byte for byte. Once somebody else has spoken (the media server) every further description carries
 * the o= line of the first, with a version that rises by one with each change. Only the o= line is ever written.
 */
export class Origin {
  #first: { readonly who: string; readonly where: string } | undefined;
  #version = 0n;
  #last: Sdp | undefined;
  #touched = false;

  /** The description as it goes out to the phone. To be called once for each that is sent, in order. */
  speak(description: Sdp): Sdp {
    const [, who, version, where] = ORIGIN.exec(description) ?? [];
    if (who === undefined || where === undefined || version === undefined) return description;
    if (this.#first === undefined) {
      this.#first = { who, where };
      return this.#said(description, BigInt(version));
    }
    this.#touched ||= this.#first.who !== who || this.#first.where !== where || BigInt(version) < this.#version;
    if (!this.#touched) return this.#said(description, BigInt(version));
    const next = this.#sameAsLast(description) ? this.#version : this.#version + 1n;
    const { who: name, where: address } = this.#first;
    return this.#said(description.replace(ORIGIN, `o=${name} ${next} ${address}`), next);
  }

  /**
   * Goes on where a process that is gone has left off. What it said after this, and did not write down, has a version below
   * everything that is said from now on.
   */
  resume(description: Sdp): Sdp {
    this.speak(description);
    this.#version += UNWRITTEN;
    this.#touched = true;
    this.#last = undefined;
    return description;
  }

  #said(description: Sdp, version: bigint): Sdp {
    this.#version = version;
    this.#last = description;
    return description;
  }

  #sameAsLast(description: Sdp): boolean {
    return this.#last !== undefined && withoutOrigin(this.#last) === withoutOrigin(description);
  }
}

/** The description without its o= line: two that differ only there say the same (RFC 3264 section 8). */
export const withoutOrigin = (description: Sdp): Sdp => description.replace(/^o=.*\r?\n/m, '');
