import type { Sdp } from '../coaching/leg.ts';
import { type Codec, type Direction, type MediaLine, PAYLOAD_TYPES, type RtpAddress } from './audio-description.ts';

/** What an endpoint is to say of its media. */
export interface LocalAudio {
  readonly rtp: RtpAddress;
  readonly direction: Direction;
  /** The preferred one first. */
  readonly codecs: readonly Codec[];
  readonly telephoneEvent: number | undefined;
  readonly ptime: number;
  /** Goes up by one with every description of a dialog that differs from the last (RFC 3264 section 8). */
  readonly version: number;
}

/** The m-lines of a description that is not an answer to anything. */
export const AUDIO_ONLY: readonly MediaLine[] = [{ type: 'audio', protocol: 'RTP/AVP', formats: '', ours: true }];

/** A session description with our audio in the place of the peer's, and every other stream refused (RFC 3264 section 6). */
export function writeDescription(local: LocalAudio, lines: readonly MediaLine[] = AUDIO_ONLY): Sdp {
  const net = `IN IP${local.rtp.family} ${local.rtp.host}`;
  const session = ['v=0', `o=earpiece 1 ${local.version} ${net}`, 's=-', `c=${net}`, 't=0 0'];
  const media = lines.flatMap((line) => (line.ours ? audioLines(local, line) : [refused(line)]));
  return [...session, ...media, ''].join('\r\n');
}

function audioLines({ rtp, direction, codecs, telephoneEvent, ptime }: LocalAudio, { protocol }: MediaLine): string[] {
  const maps = codecs.map((codec) => `a=rtpmap:${PAYLOAD_TYPES[codec]} ${codec}/8000`);
  const formats: number[] = codecs.map((codec) => PAYLOAD_TYPES[codec]);
  if (telephoneEvent !== undefined) {
    formats.push(telephoneEvent);
    maps.push(`a=rtpmap:${telephoneEvent} telephone-event/8000`, `a=fmtp:${telephoneEvent} 0-15`);
  }
  return [`m=audio ${rtp.port} ${protocol} ${formats.join(' ')}`, ...maps, `a=ptime:${ptime}`, `a=${direction}`];
}

const refused = ({ type, protocol, formats }: MediaLine): string => `m=${type} 0 ${protocol} ${formats}`;

/** The direction of a stream seen from its other end. */
export function reversed(direction: Direction): Direction {
  if (direction === 'sendonly') return 'recvonly';
  return direction === 'recvonly' ? 'sendonly' : direction;
}
