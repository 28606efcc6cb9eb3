import { randomInt } from 'node:crypto';
import type { Socket } from 'node:dgram';
import type { EventPacket } from './digit-sender.ts';
import { FRAME_SAMPLES } from './frame.ts';
import { LAWS, type Law } from './g711.ts';
import type { TransportAddress } from './media.ts';
import { RTP_HEADER_BYTES, writeRtpHeader } from './packet.ts';
import { EVENT_PAYLOAD_BYTES, writeTelephoneEvent } from './telephone-event.ts';

/** The kernel takes a datagram at once; should it not, its buffer must not be the next frame's. */
const PACKET_BUFFERS = 4;

/**
 * The outgoing stream: one SSRC, a timestamp that goes on by a frame whether one is sent or not, sequence numbers
 * without gaps, and the marker at the start of a talk spurt (RFC 3551 section 4.1), whatever is played or mixed.
 */
export class Sender {
  readonly ssrc = randomInt(1, 2 ** 32);
  readonly #socket: Socket;
  readonly #packets = Array.from({ length: PACKET_BUFFERS }, () => Buffer.alloc(RTP_HEADER_BYTES + FRAME_SAMPLES));
  #sequence = randomInt(2 ** 16);
  #timestamp = randomInt(2 ** 32);
  #next = 0;
  #paused = true;
  law: Law = LAWS.PCMU;
  payloadType = 0;
  packets = 0;
  octets = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Of the next frame. */
  get timestamp(): number {
    return this.#timestamp;
  }

  /** Sends a frame, `undefined` = silence. */
  sendFrame(samples: Int16Array | undefined, to: TransportAddress): void {
    const packet = this.#packet();
    if (samples) this.law.encode(samples, packet, RTP_HEADER_BYTES);
    else packet.fill(this.law.silence, RTP_HEADER_BYTES);
    this.#send(packet, packet.length, this.payloadType, this.#paused, this.#timestamp, to);
    this.#paused = false;
    this.#pass(1);
  }

  /** Sends an event packet in the place of a frame. */
  sendEvent({ event, first, framesAgo, copies }: EventPacket, payloadType: number, to: TransportAddress): void {
    const began = (this.#timestamp - framesAgo * FRAME_SAMPLES) >>> 0;
    for (let i = 0; i < copies; i++) {
      const packet = this.#packet();
      writeTelephoneEvent(packet, RTP_HEADER_BYTES, event);
      this.#send(packet, RTP_HEADER_BYTES + EVENT_PAYLOAD_BYTES, payloadType, first && i === 0, began, to);
    }
    this.#pass(1);
  }

  /** So many frames go by unsent; what follows them is a new talk spurt. */
  pause(frames: number): void {
    this.#pass(frames);
    this.#paused = true;
  }

  #pass(frames: number): void {
    this.#timestamp = (this.#timestamp + frames * FRAME_SAMPLES) >>> 0;
  }

  #packet(): Buffer {
    this.#next = (this.#next + 1) % PACKET_BUFFERS;
    return this.#packets[this.#next] ?? Buffer.alloc(RTP_HEADER_BYTES + FRAME_SAMPLES);
  }

  #send(packet: Buffer, length: number, payloadType: number, marker: boolean, timestamp: number, to: TransportAddress) {
    writeRtpHeader(packet, { marker, payloadType, sequence: this.#sequence, timestamp, ssrc: this.ssrc });
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.packets++;
    this.octets += length - RTP_HEADER_BYTES;
    this.#socket.send(packet, 0, length, to.port, to.address);
  }
}
