import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { Ears } from './ears.ts';
import type { Frame, ReceivedPacket } from './frames.ts';
import type { Codec } from './g711.ts';
import type { Impairment } from './impairment.ts';
import { Mouth, type RtpAddress } from './mouth.ts';
import type { Listener, SentPacket, Speaker } from './party.ts';
import type { Voice } from './voice.ts';
import type { Wait } from './watch.ts';

export interface ProbeOptions {
  readonly name: string;
  readonly voice: Voice;
  /** Default PCMU. */
  readonly codec?: Codec;
  /** Length of a packet sent, ms, 10 to 60. Default 20. */
  readonly ptime?: number;
  readonly impairment?: Impairment;
  /** Default any free one. */
  readonly port?: number;
  /** Payload type of telephone events, default 101. */
  readonly eventPayloadType?: number;
}

interface Frames extends Wait {
  /** How many in a row. */
  readonly frames?: number;
}

/** The ears and the mouth of a test's party: an RTP socket that says its voice and writes down everything that comes in. */
export class RtpProbe implements Listener, Speaker, AsyncDisposable {
  readonly name: string;
  readonly voice: Voice;
  readonly address = '127.0.0.1';
  readonly eventPayloadType: number;
  readonly #ears: Ears;
  readonly #mouth: Mouth;
  readonly #sockets: Socket[] = [];
  #closing: Promise<void> | undefined;

  private constructor({ name, voice, codec = 'PCMU', ptime = 20, impairment, eventPayloadType = 101 }: ProbeOptions) {
    this.name = name;
    this.voice = voice;
    this.eventPayloadType = eventPayloadType;
    this.#ears = new Ears(name, eventPayloadType);
    const mouth = { name, voice, codec, ptime, impairment, eventPayloadType };
    this.#mouth = new Mouth(mouth, (datagram, to) => this.#sockets.at(-1)?.send(datagram, to.port, to.address));
  }

  static async open(options: ProbeOptions): Promise<RtpProbe> {
    const probe = new RtpProbe(options);
    await probe.#bind(options.port ?? 0);
    return probe;
  }

  /** Where it listens. */
  get port(): number {
    return this.#sockets.at(-1)?.address().port ?? 0;
  }

  get received(): readonly ReceivedPacket[] {
    return this.#ears.received;
  }

  get sent(): readonly SentPacket[] {
    return this.#mouth.sent;
  }

  /** Keys received as telephone events. */
  get digits(): string {
    return this.#ears.digits;
  }

  get codec(): Codec {
    return this.#mouth.codec;
  }
  set codec(codec: Codec) {
    this.#mouth.codec = codec;
  }

  /** Says its voice to this address from the next packet on; undefined: to nobody. */
  sendTo(remote: RtpAddress | undefined): void {
    this.#mouth.sendTo(remote);
  }

  /** Sends nothing, as a phone on mute with silence suppression; its clock goes on. */
  pause(): void {
    this.#mouth.pause();
  }

  resume(): void {
    this.#mouth.resume();
  }

  /** Takes a new port for receiving and sending; what still comes to the old one is written down too. */
  async move(): Promise<void> {
    await this.#bind(0);
  }

  /** Presses keys, 100 ms each; resolves when all are sent. */
  sendDigits(digits: string, wait?: Wait): Promise<void> {
    return this.#mouth.sendDigits(digits, wait);
  }

  receivesDigits(digits: string, wait?: Wait): Promise<void> {
    return this.#ears.receivesDigits(digits, wait);
  }

  /** The first of so many frames in a row (3), from now on, in which all these voices are heard. */
  hears(voices: Voice | readonly Voice[], wait?: Frames): Promise<Frame> {
    return this.#ears.hears(voices, wait);
  }

  /** The first of so many frames in a row (10), from now on, in which none of these voices is heard. Needs packets that arrive. */
  hearsNo(voices: Voice | readonly Voice[], wait?: Frames): Promise<Frame> {
    return this.#ears.hearsNo(voices, wait);
  }

  /** So many frames from now on, whatever is in them. */
  receives(frames: number, wait?: Wait): Promise<Frame> {
    return this.#ears.receives(frames, wait);
  }

  /** Nothing came in for so many ms. */
  receivesNothingFor(ms: number, wait?: Wait): Promise<void> {
    return this.#ears.receivesNothingFor(ms, wait);
  }

  frames(): readonly Frame[] {
    return this.#ears.frames();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#mouth.close(`the probe of ${this.name} was closed`);
    this.#ears.close(`the probe of ${this.name} was closed`);
    await Promise.all(this.#sockets.map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))));
    this.#sockets.length = 0;
  }

  async #bind(port: number): Promise<void> {
    const socket = createSocket({ type: 'udp4' });
    socket.on('message', (datagram, from) => this.#ears.read(datagram, `${from.address}:${from.port}`));
    socket.bind(port, this.address);
    await once(socket, 'listening');
    this.#sockets.push(socket);
  }
}
