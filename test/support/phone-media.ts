import type { Codec } from './g711.ts';
import type { RtpProbe } from './probe.ts';
import { answering, type Audio, type Direction, readSdp, writeSdp } from './sdp.ts';

/** Offers and answers of a phone, and where its probe speaks to as a result (RFC 3264). */
export class PhoneMedia {
  readonly codecs: readonly Codec[];
  readonly #probe: RtpProbe;
  readonly #ptime: number;
  #version = 0;
  #holding = false;

  constructor(probe: RtpProbe, codecs: readonly Codec[], ptime: number) {
    this.#probe = probe;
    this.codecs = codecs;
    this.#ptime = ptime;
  }

  /** Has this side put the other on hold? */
  get holding(): boolean {
    return this.#holding;
  }

  hold(holding: boolean): void {
    this.#holding = holding;
  }

  offer(codecs: readonly Codec[] = this.codecs): string {
    return this.#write({
      codecs,
      direction: this.#holding ? 'sendonly' : 'sendrecv',
      eventPayloadType: this.#probe.eventPayloadType,
    });
  }

  /** The answer to an offer, in the first codec of the offer that this phone has; undefined when there is none (488). */
  answer(sdp: string): string | undefined {
    const offer = readSdp(sdp);
    const codec = offer?.codecs.find((each) => this.codecs.includes(each));
    if (offer === undefined || codec === undefined) return undefined;
    const willing = answering[offer.direction];
    const direction: Direction = !this.#holding ? willing : speaks(willing) ? 'sendonly' : 'inactive';
    const { eventPayloadType } = offer;
    return this.#write({ codecs: [codec], direction, ...(eventPayloadType === undefined ? {} : { eventPayloadType }) });
  }

  /** The peer's offer or answer is in force: speaks where it wants it, from the next packet on. */
  apply(sdp: string): void {
    const audio = readSdp(sdp);
    if (audio === undefined) return;
    const codec = audio.codecs.find((each) => this.codecs.includes(each));
    if (codec !== undefined) this.#probe.codec = codec;
    const listening = speaks(answering[audio.direction]) && audio.address !== '0.0.0.0';
    this.#probe.sendTo(listening && !this.#holding ? { address: audio.address, port: audio.port } : undefined);
  }

  stop(): void {
    this.#probe.sendTo(undefined);
  }

  #write(audio: Pick<Audio, 'codecs' | 'direction' | 'eventPayloadType'>): string {
    this.#version++;
    const { name, address, port } = this.#probe;
    return writeSdp(name.replaceAll(/\s/g, '-'), this.#version, { ...audio, address, port, ptime: this.#ptime });
  }
}

const speaks = (direction: Direction): boolean => direction === 'sendrecv' || direction === 'sendonly';
