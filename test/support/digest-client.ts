import { createHash, randomBytes } from 'node:crypto';
import type { SipRequest, SipResponse } from '../../src/embedded/sip/message.ts';

export interface Credentials {
  readonly username: string;
  readonly password: string;
  /** Answers only this kind of challenge; default is the strongest that is offered. */
  readonly algorithm?: DigestAlgorithm;
}
export type DigestAlgorithm = 'MD5' | 'SHA-256';

const strength: readonly DigestAlgorithm[] = ['SHA-256', 'MD5'];
const hashNames: Readonly<Record<DigestAlgorithm, string>> = { MD5: 'md5', 'SHA-256': 'sha256' };

function paramsOf(challenge: string): ReadonlyMap<string, string> {
  const pairs = challenge.matchAll(/([a-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/gi);
  return new Map([...pairs].map(([, name = '', quoted, plain]) => [name.toLowerCase(), quoted ?? plain ?? '']));
}

/** The header that answers the challenge of a 401 or 407 (RFC 7616, RFC 8760); undefined when there is none we can answer. */
export function authorization(
  request: SipRequest,
  response: SipResponse,
  { username, password, algorithm: only }: Credentials,
): { readonly name: string; readonly value: string } | undefined {
  const proxy = response.status === 407;
  const challenges = response.headers
    .getAll(proxy ? 'Proxy-Authenticate' : 'WWW-Authenticate')
    .filter((challenge) => /^digest /i.test(challenge))
    .map(paramsOf);
  const offered = (name: string) => challenges.find((each) => (each.get('algorithm') ?? 'MD5').toUpperCase() === name);
  const algorithm = strength.find((name) => (only ?? name) === name && offered(name) !== undefined);
  const challenge = algorithm === undefined ? undefined : offered(algorithm);
  if (algorithm === undefined || challenge === undefined) return undefined;

  const hash = (text: string) => createHash(hashNames[algorithm]).update(text).digest('hex');
  const [realm = '', nonce = ''] = [challenge.get('realm'), challenge.get('nonce')];
  const secret = hash(`${username}:${realm}:${password}`);
  const target = hash(`${request.method}:${request.uri}`);
  const qop =
    challenge
      .get('qop')
      ?.split(',')
      .some((each) => each.trim() === 'auth') ?? false;
  const cnonce = randomBytes(8).toString('hex');
  const digest = hash(qop ? `${secret}:${nonce}:00000001:${cnonce}:auth:${target}` : `${secret}:${nonce}:${target}`);
  const opaque = challenge.get('opaque');
  const parts = [
    `username="${username}"`,
    `realm="${realm}"`,
    `nonce="${nonce}"`,
    `uri="${request.uri}"`,
    `response="${digest}"`,
    `algorithm=${algorithm}`,
    ...(qop ? ['qop=auth', 'nc=00000001', `cnonce="${cnonce}"`] : []),
    ...(opaque === undefined ? [] : [`opaque="${opaque}"`]),
  ];
  return { name: proxy ? 'Proxy-Authorization' : 'Authorization', value: `Digest ${parts.join(', ')}` };
}
