import { parse, type MediaDescription, type SessionDescription } from 'sdp-transform';
import { EarpieceError, NoCommonCodec } from '../coaching/errors.ts';
import type { Sdp } from '../coaching/leg.ts';

/** The codecs a conference member may speak, with their static payload types (RFC 3551 section 6). */
export const PAYLOAD_TYPES = { PCMU: 0, PCMA: 8 } as const;
export type Codec = keyof typeof PAYLOAD_TYPES;
export const CODECS = Object.keys(PAYLOAD_TYPES) as readonly Codec[];

export const DIRECTIONS = ['sendrecv', 'sendonly', 'recvonly', 'inactive'] as const;
export type Direction = (typeof DIRECTIONS)[number];

export interface RtpAddress {
  readonly family: 4 | 6;
  readonly host: string;
  readonly port: number;
}

/** What a session description says of the one audio stream we take part in. */
export interface Audio {
  readonly rtp: RtpAddress;
  readonly direction: Direction;
  /** The first codec of the description that we speak. */
  readonly codec: Codec;
  /** Payload type of telephone events (RFC 4733), where they are spoken. */
  readonly telephoneEvent: number | undefined;
  /** ms in a packet, where the description wants a certain length. */
  readonly ptime: number | undefined;
}

/** One m-line: what an answer must mirror even where it refuses it (RFC 3264 section 6). */
export interface MediaLine {
  readonly type: string;
  readonly protocol: string;
  readonly formats: string;
  /** Whether this is the audio stream we take part in. */
  readonly ours: boolean;
}

export interface Description<A extends AnyAudio = Audio> {
  readonly audio: A;
  readonly lines: readonly MediaLine[];
}

/** The audio of a phone that may talk to somebody else in a codec that is none of ours. */
export type AnyAudio = Omit<Audio, 'codec'> & { readonly codec: Codec | undefined };

/**
 * Reads what is said to us (RFC 4566). Throws `invalid-request` when it is no session description, or has no audio stream over plain RTP,
 * and {@link NoCommonCodec} when it has none with a codec that we speak.
 */
export function readDescription(sdp: Sdp): Description {
  const { audio, lines } = readAnyDescription(sdp);
  const { codec } = audio;
  if (codec === undefined) throw new NoCommonCodec(CODECS);
  return { audio: { ...audio, codec }, lines };
}

/** Reads what was said to somebody else. Throws `invalid-request` when it is no session description, or has no audio stream over plain RTP. */
export function readAnyDescription(sdp: Sdp): Description<AnyAudio> {
  const session = parse(sdp);
  if (!sdp.startsWith('v=0')) throw new EarpieceError('invalid-request', 'this is not a session description');
  const plain = session.media.filter(isPlainAudio);
  const ours = plain.find((media) => codecOf(media) !== undefined) ?? plain[0];
  if (ours === undefined) throw new EarpieceError('invalid-request', refusal(session));
  const lines = session.media.map((media) => ({
    type: media.type,
    protocol: media.protocol,
    formats: formatsOf(media).join(' '),
    ours: media === ours,
  }));
  return { audio: readAudio(session, ours), lines };
}

function readAudio(session: SessionDescription, media: MediaDescription): AnyAudio {
  const connection = media.connection ?? session.connection;
  if (connection === undefined) throw new EarpieceError('invalid-request', 'the audio has no address');
  const said = DIRECTIONS.find((each) => each === (media.direction ?? session.direction)) ?? 'sendrecv';
  // How hold was said before there was a direction (RFC 3264 section 8.4).
  const direction = connection.ip === '0.0.0.0' ? withoutReceiving(said) : said;
  const events = media.rtp.find((each) => each.codec.toLowerCase() === 'telephone-event' && each.rate === 8000);
  return {
    rtp: { family: connection.version === 6 ? 6 : 4, host: connection.ip, port: media.port },
    direction,
    codec: codecOf(media),
    telephoneEvent: events?.payload,
    ptime: media.ptime,
  };
}

function withoutReceiving(direction: Direction): Direction {
  return direction === 'sendrecv' || direction === 'sendonly' ? 'sendonly' : 'inactive';
}

function isPlainAudio({ type, port, protocol }: MediaDescription): boolean {
  return type === 'audio' && port !== 0 && (protocol === 'RTP/AVP' || protocol === 'RTP/AVPF');
}

function codecOf(media: MediaDescription): Codec | undefined {
  const spoken = formatsOf(media).map((format) => CODECS.find((codec) => String(PAYLOAD_TYPES[codec]) === format));
  return spoken.find((codec) => codec !== undefined);
}

/** sdp-transform makes a number of a list with one element, whatever its types say. */
const formatsOf = (media: { readonly payloads?: string | number }): string[] => String(media.payloads ?? '').split(' ');

function refusal(session: SessionDescription): string {
  const audio = session.media.filter(({ type, port }) => type === 'audio' && port !== 0);
  if (audio.length === 0) return 'the description has no audio';
  return `audio over ${audio[0]?.protocol ?? ''} cannot be mixed`;
}
