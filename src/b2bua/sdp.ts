import type { Sdp } from '../coaching/leg.ts';
import type { Refusal } from './responses.ts';
import type { StackMessage } from './stack.ts';

/** What a phone says of its audio: where it wants it, and how. */
export interface Audio {
  readonly address: string;
  readonly port: number;
  /** In the order of preference, e.g. `PCMU/8000`, with their payload types. */
  readonly codecs: readonly { readonly name: string; readonly payload: number }[];
  readonly direction: 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';
}

/** The codecs of RFC 3551 that need no rtpmap. */
const STATIC: ReadonlyMap<number, string> = new Map([
  [0, 'PCMU/8000'],
  [3, 'GSM/8000'],
  [4, 'G723/8000'],
  [8, 'PCMA/8000'],
  [9, 'G722/8000'],
  [13, 'CN/8000'],
  [15, 'G728/8000'],
  [18, 'G729/8000'],
]);
/** c=IN <addrtype> <address>[/ttl], a=rtpmap:<payload> <codec>/<rate>, and who may send (RFC 4566 5.7, 6). */
const CONNECTION = /^c=IN IP[46] ([^\s/]+)/m;
const RTPMAP = /^a=rtpmap:(\d+) ([^\s/]+\/\d+)/gm;
const DIRECTION = /^a=(sendrecv|sendonly|recvonly|inactive)\r?$/m;
/** Not sound of a voice: nobody can talk with these alone. */
const NO_VOICE = new Set(['TELEPHONE-EVENT', 'CN', 'RED']);

const voices = (audio: Audio): string[] =>
  audio.codecs.map(({ name }) => name).filter((name) => !NO_VOICE.has(name.split('/')[0] ?? ''));

/** The SDP in a message: its body, or the part of a multipart body (RFC 5621). `unreadable`: it has another kind of body. */
export function descriptionIn(message: StackMessage): { readonly sdp: Sdp } | 'none' | 'unreadable' {
  const body = message.body ?? '';
  if (body.trim() === '') return 'none';
  const type = message.get('Content-Type')?.toLowerCase() ?? 'application/sdp';
  if (type.startsWith('application/sdp')) return { sdp: body };
  if (!type.startsWith('multipart/')) return 'unreadable';
  const part = /^content-type:\s*application\/sdp[^\n]*\n(?:[^\r\n]+\r?\n)*\r?\n([\s\S]*?)\r?\n--/im.exec(body);
  return part?.[1] === undefined ? 'unreadable' : { sdp: `${part[1]}\r\n` };
}

/** The SDP in a message, if there is any. */
export function sdpIn(message: StackMessage): Sdp | undefined {
  const description = descriptionIn(message);
  return typeof description === 'string' ? undefined : description.sdp;
}

/** The audio of a description; `broken` when it is none, `no-audio` when it offers no audio (or has rejected it with port 0). */
export function audioOf(description: Sdp): Audio | 'broken' | 'no-audio' {
  if (!/^v=0\r?\n/.test(description) || !/^o=\S+ \S+ \d+ IN IP[46] \S+\r?$/m.test(description)) return 'broken';
  if (/^(?![a-z]=)[^\r\n]/m.test(description) || /^m=(?!\S+ \d+(?:\/\d+)? \S+ \S)/m.test(description)) return 'broken';
  const [session = '', ...media] = description.split(/^(?=m=)/m);
  const audio = media.find((each) => /^m=audio (?!0[ /])/.test(each));
  if (audio === undefined) return 'no-audio';
  // RFC 4566 5.7: a c= line in every media or in the session.
  const address = CONNECTION.exec(audio)?.[1] ?? CONNECTION.exec(session)?.[1];
  if (address === undefined) return 'broken';
  const [, port, formats = ''] = /^m=audio (\d+)(?:\/\d+)? \S+ ([^\r\n]*)/.exec(audio) ?? [];
  const named = new Map([...audio.matchAll(RTPMAP)].map(([, payload, codec]) => [Number(payload), codec]));
  const codecs = formats
    .split(' ')
    .filter((each) => /^\d+$/.test(each))
    .map(Number)
    .map((payload) => ({
      payload,
      name: (named.get(payload) ?? STATIC.get(payload) ?? `unknown-${payload}/8000`).toUpperCase(),
    }));
  const direction = (DIRECTION.exec(audio)?.[1] ?? DIRECTION.exec(session)?.[1] ?? 'sendrecv') as Audio['direction'];
  return { address, port: Number(port), codecs, direction };
}

/**
 * Why an offer cannot be taken; `undefined` when it can. Its codecs are the business of the phone it goes to: a call that cannot be
 * supervised is a call all the same.
 */
export function refusalOf(offer: Sdp): Refusal | undefined {
  const audio = audioOf(offer);
  if (audio === 'broken') return { status: 400, reason: 'Bad Session Description' };
  if (audio !== 'no-audio') return undefined;
  // The warn-code is that of RFC 3261 20.43.
  return { status: 488, headers: { Warning: '304 earpiece "Media type not available"' } };
}

/** The codecs of a description that carry a voice, the preferred one first, e.g. `G722/8000`. */
export function codecsOf(description: Sdp): string[] {
  const audio = audioOf(description);
  return typeof audio === 'string' ? [] : voices(audio);
}

/** The same without rates, as one says them: `G722`. */
export const codecNamesOf = (description: Sdp): string[] =>
  codecsOf(description).map((codec) => codec.replace(/\/.*/, ''));

/** What two phones that said this can talk to each other in. */
export function sharedCodecs(a: Sdp, b: Sdp): string[] {
  const theirs = new Set(codecsOf(b));
  return codecsOf(a).filter((name) => theirs.has(name));
}

/** Whether two phones that said this can talk to each other. */
export const shareCodec = (a: Sdp, b: Sdp): boolean => sharedCodecs(a, b).length > 0;

/**
 * Whether whoever was told `told` of a phone can go on when the phone has now said `said`: the same place, and the codec
 * it prefers is known by the same payload type.
 */
export function agrees(told: Sdp, said: Sdp): boolean {
  const [before, now] = [audioOf(told), audioOf(said)];
  if (typeof before === 'string' || typeof now === 'string') return false;
  const chosen = now.codecs[0];
  return (
    before.address === now.address &&
    before.port === now.port &&
    before.direction === now.direction &&
    before.codecs.some(({ name, payload }) => name === chosen?.name && payload === chosen.payload)
  );
}

/** Whether both want their audio at the same address. */
export function samePlace(a: Sdp, b: Sdp): boolean {
  const [one, other] = [audioOf(a), audioOf(b)];
  return (
    typeof one !== 'string' && typeof other !== 'string' && one.address === other.address && one.port === other.port
  );
}

/** Whether both want their audio at the same address, and send and receive alike. */
export function sameStream(a: Sdp, b: Sdp): boolean {
  const [one, other] = [audioOf(a), audioOf(b)];
  return samePlace(a, b) && typeof one !== 'string' && typeof other !== 'string' && one.direction === other.direction;
}

/** The same description, ready to send and to receive: what is offered when the phone asks for an offer (RFC 6337 5.3). */
export const activated = (description: Sdp): Sdp =>
  description.replaceAll(/^a=(?:sendonly|recvonly|inactive)(?=\r?$)/gm, 'a=sendrecv');
