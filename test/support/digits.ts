/** Keys of a phone as RTP telephone events (RFC 4733). */
const keys = '0123456789*#ABCD';

/** Duration of one key, and of the pause after it, in 20 ms packets. */
const keyPackets = 5;
const pausePackets = 3;

/** One packet of a key: its payload, and how many packets ago the key was pressed (its time stamp does not move). */
export interface EventPacket {
  readonly payload: Uint8Array;
  readonly age: number;
}

/** The packets that replace speech, one per 20 ms; `undefined` is a tick of pause. The last packet of a key is sent three times. */
export function eventPackets(digits: string): (EventPacket | undefined)[] {
  return Array.from(digits).flatMap((digit) => {
    const event = keys.indexOf(digit.toUpperCase());
    if (event < 0) throw new RangeError(`no key of a phone: ${digit}`);
    const packet = (age: number): EventPacket => {
      const duration = Math.min(age + 1, keyPackets) * 160;
      const end = age >= keyPackets - 1 ? 0x80 : 0;
      return { payload: Uint8Array.of(event, end | 10, duration >> 8, duration & 0xff), age };
    };
    const presses = Array.from({ length: keyPackets + 2 }, (_, age) => packet(age));
    return [...presses, ...Array.from({ length: pausePackets }, () => undefined)];
  });
}

/** Collects keys from packets: one per time stamp, however often its packets are repeated (RFC 4733 section 2.5.1.4). */
export class DigitReader {
  #text = '';
  readonly #seen = new Set<string>();

  get text(): string {
    return this.#text;
  }

  read(packet: { readonly ssrc: number; readonly timestamp: number; readonly payload: Uint8Array }): void {
    const key = keys[packet.payload[0] ?? 255];
    const press = `${packet.ssrc}/${packet.timestamp}`;
    if (key === undefined || packet.payload.length < 4 || this.#seen.has(press)) return;
    this.#seen.add(press);
    this.#text += key;
  }
}
