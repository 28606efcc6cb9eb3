import { type Codec, codecOf, payloadTypes } from './g711.ts';

export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

/** One audio line, as far as a simple phone understands it. */
export interface Audio {
  readonly address: string;
  readonly port: number;
  /** In order of preference. */
  readonly codecs: readonly Codec[];
  readonly direction: Direction;
  readonly eventPayloadType?: number;
  readonly ptime?: number;
}

/** `version` counts the changes of one session (RFC 4566 section 5.2). */
export function writeSdp(user: string, version: number, audio: Audio): string {
  const { address, port, codecs, direction, eventPayloadType, ptime = 20 } = audio;
  const events = eventPayloadType === undefined ? [] : [eventPayloadType];
  const lines = [
    'v=0',
    `o=${user} ${port} ${version} IN IP4 ${address}`,
    's=-',
    `c=IN IP4 ${address}`,
    't=0 0',
    `m=audio ${port} RTP/AVP ${[...codecs.map((codec) => payloadTypes[codec]), ...events].join(' ')}`,
    ...codecs.map((codec) => `a=rtpmap:${payloadTypes[codec]} ${codec}/8000`),
    ...events.flatMap((type) => [`a=rtpmap:${type} telephone-event/8000`, `a=fmtp:${type} 0-15`]),
    `a=ptime:${ptime}`,
    `a=${direction}`,
  ];
  return `${lines.join('\r\n')}\r\n`;
}

/** The first audio line that is not refused; undefined when there is none. */
export function readSdp(sdp: string): Audio | undefined {
  const lines = sdp.split(/\r?\n/);
  const start = lines.findIndex((line) => /^m=audio [1-9]/.test(line));
  if (start < 0) return undefined;
  const next = lines.findIndex((line, n) => n > start && line.startsWith('m='));
  const session = lines.slice(
    0,
    lines.findIndex((line) => line.startsWith('m=')),
  );
  const media = lines.slice(start, next < 0 ? undefined : next);
  const find = (pattern: RegExp) => [...media, ...session].map((line) => pattern.exec(line)?.[1]).find(Boolean);
  const [, port = '0', , ...types] = (media[0] ?? '').split(' ');
  const codecs = types.map((type) => codecOf(Number(type))).filter((codec) => codec !== undefined);
  const event = find(/^a=rtpmap:(\d+) telephone-event\/8000/i);
  const direction = find(/^a=(sendrecv|sendonly|recvonly|inactive)$/) as Direction | undefined;
  return {
    address: find(/^c=IN IP4 ([\d.]+)/) ?? '0.0.0.0',
    port: Number(port),
    codecs,
    direction: direction ?? 'sendrecv',
    ...(event === undefined ? {} : { eventPayloadType: Number(event) }),
  };
}

/** The answer that allows as much as possible (RFC 3264 section 6.1). */
export const answering: Readonly<Record<Direction, Direction>> = {
  sendrecv: 'sendrecv',
  sendonly: 'recvonly',
  recvonly: 'sendonly',
  inactive: 'inactive',
};
