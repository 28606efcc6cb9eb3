import { type EventPacket, eventPackets } from './digits.ts';
import { type Codec, encode, payloadTypes } from './g711.ts';
import { type Impairment, impaired } from './impairment.ts';
import type { SentPacket } from './party.ts';
import { writeRtp } from './rtp-packet.ts';
import type { Voice } from './voice.ts';
import { type Wait, Watch } from './watch.ts';

export interface RtpAddress {
  readonly address: string;
  readonly port: number;
}

export interface MouthOptions {
  readonly name: string;
  readonly voice: Voice;
  readonly codec: Codec;
  /** Length of a packet, ms. */
  readonly ptime: number;
  readonly impairment: Impairment | undefined;
  readonly eventPayloadType: number;
}

/** So many packets are sent at once after the machine slept; what is older is not sent at all. */
const catchUp = 5;

/** Says a voice in RTP packets, on a schedule that never drifts. */
export class Mouth {
  codec: Codec;
  readonly sent: SentPacket[] = [];
  readonly #options: MouthOptions;
  readonly #transmit: (datagram: Buffer, remote: RtpAddress) => void;
  readonly #watch = new Watch();
  readonly #fate: () => readonly number[];
  readonly #late = new Set<NodeJS.Timeout>();
  readonly #ssrc = Math.floor(Math.random() * 2 ** 32);
  #seq = Math.floor(Math.random() * 2 ** 16);
  #remote: RtpAddress | undefined;
  #speaking = true;
  #talkSpurt = true;
  #keys: (EventPacket | undefined)[] = [];
  #epoch: number | undefined;
  #tick = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: MouthOptions, transmit: (datagram: Buffer, remote: RtpAddress) => void) {
    this.#options = options;
    this.codec = options.codec;
    this.#transmit = transmit;
    this.#fate = options.impairment === undefined ? () => [0] : impaired(options.impairment);
  }

  /** Says its voice to this address from the next packet on; undefined: to nobody. */
  sendTo(remote: RtpAddress | undefined): void {
    this.#remote = remote;
    if (remote === undefined || this.#timer !== undefined || this.#closed) return;
    this.#epoch ??= performance.now();
    this.#tick = Math.ceil((performance.now() - this.#epoch) / this.#options.ptime);
    this.#talkSpurt = true;
    this.#speak();
  }

  /** Sends nothing, as a phone on mute with silence suppression; its clock goes on. */
  pause(): void {
    this.#speaking = false;
  }

  resume(): void {
    this.#talkSpurt ||= !this.#speaking;
    this.#speaking = true;
  }

  /** Presses keys, 100 ms each; resolves when all are sent. */
  sendDigits(digits: string, wait: Wait = {}): Promise<void> {
    this.#keys.push(...eventPackets(digits));
    const sent = () => (this.#keys.length === 0 ? true : undefined);
    return this.#watch
      .until(`${this.#options.name} to press ${digits}`, sent, () => `${this.#keys.length} packets left`, wait)
      .then(() => undefined);
  }

  close(reason: string): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const late of this.#late) clearTimeout(late);
    this.#watch.close(reason);
  }

  /** Sends what is due and comes back at the next tick; the schedule hangs on the first packet, so it never drifts. */
  #speak(): void {
    const epoch = this.#epoch ?? 0;
    const due = Math.floor((performance.now() - epoch) / this.#options.ptime);
    this.#tick = Math.max(this.#tick, due - catchUp);
    for (; this.#tick <= due; this.#tick++) this.#send(this.#tick);
    this.#watch.touch();
    const next = epoch + this.#tick * this.#options.ptime - performance.now();
    this.#timer = this.#remote === undefined ? undefined : setTimeout(() => this.#speak(), Math.max(0, next));
  }

  #send(tick: number): void {
    const position = tick * this.#options.ptime * 8;
    if (this.#keys.length > 0) {
      const key = this.#keys.shift();
      if (key === undefined) return;
      const timestamp = position - key.age * this.#options.ptime * 8;
      this.#packet(timestamp, this.#options.eventPayloadType, key.payload, key.age === 0);
      return;
    }
    if (!this.#speaking || this.#remote === undefined) return;
    const payload = encode(this.codec, this.#options.voice.samples(position, this.#options.ptime * 8));
    this.#packet(position, payloadTypes[this.codec], payload, this.#talkSpurt);
    this.#talkSpurt = false;
    this.sent.push({ at: performance.now(), position, samples: payload.length });
  }

  #packet(timestamp: number, payloadType: number, payload: Uint8Array, marker: boolean): void {
    const remote = this.#remote;
    this.#seq = (this.#seq + 1) & 0xffff;
    if (remote === undefined) return;
    const datagram = writeRtp({ payloadType, marker, seq: this.#seq, timestamp, ssrc: this.#ssrc, payload });
    for (const delay of this.#fate()) {
      if (delay === 0) {
        this.#transmit(datagram, remote);
        continue;
      }
      const late = setTimeout(() => {
        this.#late.delete(late);
        this.#transmit(datagram, remote);
      }, delay);
      this.#late.add(late);
    }
  }
}
