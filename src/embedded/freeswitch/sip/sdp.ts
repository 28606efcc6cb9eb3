import { isIP } from 'node:net';
import { parse, type SessionDescription, write } from 'sdp-transform';
import type { CodecName, Direction, StreamConfiguration } from '../../rtp/engine.ts';

/** Our side of a description: where we listen, and what stands in its `o=` line. */
export interface LocalMedia {
  readonly address: string;
  readonly port: number;
  readonly sessionId: number;
  /** One more in every description of the session (RFC 3264 section 8). */
  readonly version: number;
}

export type Negotiation =
  | { readonly kind: 'agreed'; readonly answer: string; readonly media: StreamConfiguration; readonly held: boolean }
  /** Answered 400: no session description, or one without address. */
  | { readonly kind: 'broken'; readonly reason: string }
  /** Answered 488: no audio we can do. */
  | { readonly kind: 'unacceptable' };

const STATIC_CODECS: Readonly<Record<number, CodecName>> = { 0: 'PCMU', 8: 'PCMA' };
const USER = 'FreeSWITCH';

type MediaLine = SessionDescription['media'][number];

/**
 * Answers an offer (RFC 3264 section 6): the first of its codecs that we have, telephone-event where offered, the
 * opposite direction; every other stream is refused with port 0.
 */
export function negotiate(offer: string, local: LocalMedia): Negotiation {
  const session = read(offer);
  if (typeof session === 'string') return { kind: 'broken', reason: session };
  const chosen = session.media.findIndex((line) => isPlainAudio(line) && codecOf(line) !== undefined);
  const line = session.media[chosen];
  const media = line === undefined ? undefined : agreed(session, line, local);
  if (line === undefined || media === undefined) return { kind: 'unacceptable' };
  const answer = write({
    ...head(local),
    media: session.media.map((each, index) => (index === chosen ? audio(local, media, line.protocol) : refused(each))),
  });
  return { kind: 'agreed', answer, media, held: media.direction === 'recvonly' || media.direction === 'inactive' };
}

/** Our offer to an INVITE without one: plain RTP, both kinds of G.711, digits. */
export function offer(local: LocalMedia): string {
  const line: MediaLine = {
    type: 'audio',
    port: local.port,
    protocol: 'RTP/AVP',
    payloads: '0 8 101',
    rtp: [
      { payload: 0, codec: 'PCMU', rate: 8000 },
      { payload: 8, codec: 'PCMA', rate: 8000 },
      { payload: 101, codec: 'telephone-event', rate: 8000 },
    ],
    fmtp: [{ payload: 101, config: '0-15' }],
    ptime: 20,
    direction: 'sendrecv',
  };
  return write({ ...head(local), media: [line] });
}

function read(text: string): SessionDescription | string {
  if (!/^v=0\r?$/m.test(text)) return 'not a session description';
  const session = parse(text);
  if (session.media.length === 0) return 'no media';
  for (const line of session.media) {
    if (!Number.isInteger(line.port) || line.port < 0 || line.port > 65_535) return 'bad port';
    if (line.port !== 0 && addressOf(session, line) === undefined) return 'no connection address';
  }
  return session;
}

function isPlainAudio(line: MediaLine): boolean {
  return line.type === 'audio' && line.port !== 0 && /^RTP\/AVPF?$/.test(line.protocol);
}

function codecOf(line: MediaLine): StreamConfiguration['codec'] | undefined {
  for (const payload of payloadsOf(line)) {
    const described = line.rtp.find((each) => each.payload === payload);
    const name = described === undefined ? STATIC_CODECS[payload] : named(described);
    if (name !== undefined) return { name, payloadType: payload };
  }
  return undefined;
}

function named(described: MediaLine['rtp'][number]): CodecName | undefined {
  if (described.rate !== 8000 || (described.encoding ?? 1) !== 1) return undefined;
  const name = described.codec.toUpperCase();
  return name === 'PCMU' || name === 'PCMA' ? name : undefined;
}

function agreed(session: SessionDescription, line: MediaLine, local: LocalMedia): StreamConfiguration | undefined {
  const codec = codecOf(line);
  const address = addressOf(session, line);
  // Names are not resolved here: RTP wants an address at once.
  if (codec === undefined || address === undefined || isIP(address) === 0) return undefined;
  const digits = line.rtp.find(({ codec: name, rate }) => name.toLowerCase() === 'telephone-event' && rate === 8000);
  const events = digits !== undefined && payloadsOf(line).includes(digits.payload) ? digits.payload : undefined;
  return {
    // 0.0.0.0 is the old way to put on hold (RFC 3264 section 8.4): there is nowhere to send to.
    ...(address === '0.0.0.0' ? {} : { remote: { address, port: line.port } }),
    codec,
    ...(events === undefined ? {} : { telephoneEvent: events }),
    direction: ourDirection(line.direction ?? session.direction ?? 'sendrecv', address, line.port, local),
  };
}

function ourDirection(theirs: string, address: string, port: number, local: LocalMedia): Direction {
  // fsmrf answers our own offer with itself: sending there would feed our audio back to us.
  if (address === local.address && port === local.port) return 'inactive';
  const speak = theirs !== 'sendonly' && theirs !== 'inactive' && address !== '0.0.0.0';
  const listen = theirs !== 'recvonly' && theirs !== 'inactive';
  if (speak) return listen ? 'sendrecv' : 'sendonly';
  return listen ? 'recvonly' : 'inactive';
}

function addressOf(session: SessionDescription, line: MediaLine): string | undefined {
  const connection = line.connection ?? session.connection;
  return connection === undefined ? undefined : connection.ip.split('/')[0];
}

function payloadsOf(line: MediaLine): number[] {
  return payloadTypes(line.payloads);
}

/** sdp-transform gives a single payload type as a number, which its types do not say. */
function payloadTypes(listed: string | number = ''): number[] {
  return String(listed)
    .split(' ')
    .filter((each) => /^\d+$/.test(each))
    .map(Number);
}

function head({ address, sessionId, version }: LocalMedia): Omit<SessionDescription, 'media'> {
  return {
    version: 0,
    origin: {
      username: USER,
      sessionId,
      sessionVersion: version,
      netType: 'IN',
      ipVer: address.includes(':') ? 6 : 4,
      address,
    },
    name: USER,
    connection: { version: address.includes(':') ? 6 : 4, ip: address },
    timing: { start: 0, stop: 0 },
  };
}

function audio(local: LocalMedia, media: StreamConfiguration, protocol: string): MediaLine {
  const { codec, telephoneEvent: events, direction } = media;
  const rtp = [{ payload: codec.payloadType, codec: codec.name as string, rate: 8000 }];
  if (events !== undefined) rtp.push({ payload: events, codec: 'telephone-event', rate: 8000 });
  return {
    type: 'audio',
    port: local.port,
    protocol,
    payloads: rtp.map(({ payload }) => payload).join(' '),
    rtp,
    fmtp: events === undefined ? [] : [{ payload: events, config: '0-15' }],
    ptime: 20,
    direction,
  };
}

function refused(line: MediaLine): MediaLine {
  const { type, protocol, payloads } = line;
  return { type, port: 0, protocol, ...(payloads === undefined ? {} : { payloads }), rtp: [], fmtp: [] };
}
