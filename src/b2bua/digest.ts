import { createHash, timingSafeEqual } from 'node:crypto';
import type { DeviceId } from '../coaching/device.ts';
import { Nonces } from './nonces.ts';
import type { Refusal } from './responses.ts';

export type DigestAlgorithm = 'SHA-256' | 'MD5';

/** What a phone authenticates with: its password, or the hashes H(userName:realm:password) (RFC 7616 3.4.2), in hex. */
export interface Credentials {
  readonly deviceId: DeviceId;
  readonly password?: string | undefined;
  readonly ha1?: { readonly md5?: string | undefined; readonly sha256?: string | undefined } | undefined;
}

export interface DigestOptions {
  readonly realm: string;
  readonly credentials: (userName: string) => Credentials | undefined;
  /** Offered in this order; the phone takes the first it knows (RFC 8760 2.4). */
  readonly algorithms: readonly DigestAlgorithm[];
  /** How long a nonce may be used, in milliseconds. */
  readonly nonceLifetimeMs: number;
  /** What nonces are sealed with; instances that take over from one another share it. */
  readonly nonceKey: () => Buffer;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Whom a request is asked to prove itself to: a registrar with 401, a proxy (who passes calls on) with 407. */
export type Challenger = 401 | 407;

const HEADERS = {
  401: { ask: 'WWW-Authenticate', answer: 'Authorization' },
  407: { ask: 'Proxy-Authenticate', answer: 'Proxy-Authorization' },
} as const;

const HASH: Readonly<Record<DigestAlgorithm, string>> = { 'SHA-256': 'sha256', MD5: 'md5' };

interface Message {
  readonly method: string;
  get(name: string): string | undefined;
}

/** Digest access authentication (RFC 7616, RFC 8760), always with qop=auth: without a count nothing guards against replay. */
export class Digest {
  readonly #options: DigestOptions;
  readonly #nonces: Nonces;

  constructor(options: DigestOptions) {
    this.#options = options;
    this.#nonces = new Nonces(options.nonceLifetimeMs, options.nonceKey);
  }

  /** The device whose password the sender of the request knows, or how the request is to be answered. */
  authenticate(message: Message, challenger: Challenger): { readonly deviceId: DeviceId } | Refusal {
    const answer = parseAnswer(message.get(HEADERS[challenger].answer), this.#options.realm);
    if (answer === undefined) return this.#challenge(challenger, false);
    if (answer === 'malformed') return { status: 400, reason: 'Bad Authorization' };

    const freshness = this.#nonces.check(answer.nonce, answer.count, this.#options.now());
    if (freshness === 'foreign' || !this.#options.algorithms.includes(answer.algorithm))
      return this.#challenge(challenger, false);
    const credentials = this.#options.credentials(answer.userName);
    // An unknown name takes as long as a wrong password.
    const right = this.#matches(answer, message.method, credentials ?? { deviceId: '', password: answer.nonce });
    if (!right || credentials === undefined) return { status: 403 };
    if (freshness === 'stale') return this.#challenge(challenger, true);
    this.#nonces.use(answer.nonce, answer.count);
    return { deviceId: credentials.deviceId };
  }

  /** One challenge for each algorithm, each a header of its own (RFC 3261 7.3.1: these are not joined by commas). */
  #challenge(challenger: Challenger, stale: boolean): Refusal {
    const { realm, algorithms, now } = this.#options;
    const name = HEADERS[challenger].ask;
    const nonce = this.#nonces.create(now());
    const challenges = algorithms.map(
      (algorithm) =>
        `Digest realm="${realm}", nonce="${nonce}", qop="auth", algorithm=${algorithm}${stale ? ', stale=true' : ''}`,
    );
    // srf knows one line for a header; what follows a line break is the next line to drachtio.
    return { status: challenger, headers: { [name]: challenges.join(`\r\n${name}: `) } };
  }

  #matches(answer: DigestAnswer, method: string, credentials: Credentials): boolean {
    const hash = (text: string) => createHash(HASH[answer.algorithm]).update(text).digest('hex');
    const kept = answer.algorithm === 'MD5' ? credentials.ha1?.md5 : credentials.ha1?.sha256;
    const { password } = credentials;
    const ha1 =
      kept?.toLowerCase() ??
      (password === undefined ? undefined : hash(`${answer.userName}:${this.#options.realm}:${password}`));
    if (ha1 === undefined) return false;
    const ha2 = hash(`${method}:${answer.uri}`);
    const expected = Buffer.from(hash(`${ha1}:${answer.nonce}:${answer.nc}:${answer.cnonce}:auth:${ha2}`));
    const given = Buffer.from(answer.response.toLowerCase());
    return given.length === expected.length && timingSafeEqual(given, expected);
  }
}

interface DigestAnswer {
  readonly userName: string;
  readonly nonce: string;
  readonly uri: string;
  readonly cnonce: string;
  readonly nc: string;
  readonly count: number;
  readonly response: string;
  readonly algorithm: DigestAlgorithm;
}

/** The answer for our realm among those in the header; `undefined` when there is none. */
function parseAnswer(header: string | undefined, realm: string): DigestAnswer | 'malformed' | undefined {
  const answers = (header ?? '').split(/(?:^|,)\s*(?=Digest\s)/i).filter((each) => /^\s*Digest\s/i.test(each));
  const params = answers.map(paramsOf).find((each) => each.get('realm') === realm);
  if (params === undefined) return undefined;
  const text = (name: string) => params.get(name) ?? '';
  const algorithm = text('algorithm').toUpperCase() === 'SHA-256' ? 'SHA-256' : 'MD5';
  if (!['', 'MD5', 'SHA-256'].includes(text('algorithm').toUpperCase())) return 'malformed';
  if (text('qop').toLowerCase() !== 'auth') return undefined; // Asked for; who leaves it out is asked again.
  const nc = text('nc');
  const answer = {
    userName: text('username'),
    nonce: text('nonce'),
    uri: text('uri'),
    cnonce: text('cnonce'),
    response: text('response'),
  };
  if (!/^[\da-f]{8}$/i.test(nc) || Object.values(answer).includes('')) return 'malformed';
  return { ...answer, nc, count: Number.parseInt(nc, 16), algorithm };
}

function paramsOf(answer: string): Map<string, string> {
  const pairs = answer.matchAll(/([a-z][\w-]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/gi);
  return new Map(
    [...pairs].map(([, name = '', quoted, plain]) => [
      name.toLowerCase(),
      quoted?.replaceAll(/\\(.)/g, '$1') ?? plain ?? '',
    ]),
  );
}
