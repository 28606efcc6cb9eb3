import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Digest, type DigestAlgorithm } from '../../../src/b2bua/digest.ts';
import { ownNonceKey } from '../../../src/b2bua/nonces.ts';

const hashOf = (algorithm: DigestAlgorithm) => (text: string) =>
  createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
    .update(text)
    .digest('hex');

const ha1 = { md5: hashOf('MD5')('5002:house:word'), sha256: hashOf('SHA-256')('5002:house:word').toUpperCase() };

function setUp() {
  const clock = { now: 1_000_000 };
  const digest = new Digest({
    realm: 'house',
    credentials: (name) =>
      name === '5001' ? { deviceId: 'd1', password: 'word' } : name === '5002' ? { deviceId: 'd2', ha1 } : undefined,
    algorithms: ['SHA-256', 'MD5'],
    nonceLifetimeMs: 60_000,
    nonceKey: ownNonceKey(),
    now: () => clock.now,
  });
  const challenges = (authorization?: string) => {
    const outcome = digest.authenticate(message(authorization), 401);
    return 'status' in outcome ? (outcome.headers?.['WWW-Authenticate'] ?? '').split('\r\nWWW-Authenticate: ') : [];
  };
  const nonce = () => /nonce="([^"]+)"/.exec(challenges()[0] ?? '')?.[1] ?? '';
  return { clock, digest, challenges, nonce };
}

const message = (authorization: string | undefined) => ({
  method: 'REGISTER',
  get: (name: string) => (name === 'Authorization' ? authorization : undefined),
});

interface Answer {
  nonce: string;
  user?: string;
  password?: string;
  algorithm?: DigestAlgorithm;
  nc?: string;
  realm?: string;
}

function answer({
  nonce,
  user = '5001',
  password = 'word',
  algorithm = 'SHA-256',
  nc = '00000001',
  realm = 'house',
}: Answer) {
  const hash = hashOf(algorithm);
  const uri = 'sip:house';
  const response = hash(
    `${hash(`${user}:${realm}:${password}`)}:${nonce}:${nc}:c0ffee:auth:${hash(`REGISTER:${uri}`)}`,
  );
  return `Digest username="${user}", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${response}", algorithm=${algorithm}, qop=auth, nc=${nc}, cnonce="c0ffee"`;
}

describe('digest authentication', () => {
  it('asks for the stronger algorithm first, each in a header of its own, always with qop', () => {
    const [first, second, ...rest] = setUp().challenges();
    expect(first).toMatch(/^Digest realm="house", nonce="\S+", qop="auth", algorithm=SHA-256$/);
    expect(second).toMatch(/^Digest realm="house", nonce="\S+", qop="auth", algorithm=MD5$/);
    expect(rest).toEqual([]);
  });

  it.each<[DigestAlgorithm, string, string]>([
    ['SHA-256', '5001', 'd1'],
    ['MD5', '5001', 'd1'],
    ['SHA-256', '5002', 'd2'],
    ['MD5', '5002', 'd2'],
  ])('lets in with %s whoever knows the password of %s', (algorithm, user, deviceId) => {
    const { digest, nonce } = setUp();
    expect(digest.authenticate(message(answer({ nonce: nonce(), user, algorithm })), 401)).toEqual({ deviceId });
  });

  it('refuses a wrong password and an unknown name alike', () => {
    const { digest, nonce } = setUp();
    for (const wrong of [{ password: 'other' }, { user: '5009' }]) {
      expect(digest.authenticate(message(answer({ nonce: nonce(), ...wrong })), 401)).toEqual({ status: 403 });
    }
  });

  it('takes each count of a nonce once, in rising order, and calls a second use stale', () => {
    const { digest, nonce, challenges } = setUp();
    const used = nonce();
    const first = answer({ nonce: used });
    expect(digest.authenticate(message(first), 401)).toEqual({ deviceId: 'd1' });
    expect(challenges(first)[0]).toContain('stale=true');
    expect(digest.authenticate(message(answer({ nonce: used, nc: '00000002' })), 401)).toEqual({ deviceId: 'd1' });
    expect(challenges(answer({ nonce: used, nc: '00000001' }))[0]).toContain('stale=true');
  });

  it('calls an old nonce stale, but only to whoever knows the password', () => {
    const { digest, clock, nonce, challenges } = setUp();
    const old = nonce();
    clock.now += 60_001;
    expect(challenges(answer({ nonce: old }))[0]).toContain('stale=true');
    expect(digest.authenticate(message(answer({ nonce: old, password: 'other' })), 401)).toEqual({ status: 403 });
  });

  it('asks anew for what it did not ask: a foreign nonce or realm, no qop, another scheme', () => {
    const { challenges, nonce } = setUp();
    const fresh = nonce();
    const tampered = `${fresh.slice(0, -1)}${fresh.endsWith('A') ? 'B' : 'A'}`;
    for (const each of [
      answer({ nonce: tampered }),
      answer({ nonce: 'x' }),
      answer({ nonce: fresh, realm: 'garden' }),
      answer({ nonce: fresh }).replace('qop=auth, ', ''),
      'Basic NTAwMTp3b3Jk',
    ]) {
      const [challenge = ''] = challenges(each);
      expect(challenge).toContain('nonce=');
      expect(challenge).not.toContain('stale');
    }
  });

  it('calls nonsense a bad request', () => {
    const { digest, nonce } = setUp();
    const whole = answer({ nonce: nonce() });
    for (const each of [
      whole.replace('nc=00000001', 'nc=1'),
      whole.replace(/response="\w+"/, 'response=""'),
      whole.replace('algorithm=SHA-256', 'algorithm=ROT13'),
    ]) {
      expect(digest.authenticate(message(each), 401)).toMatchObject({ status: 400 });
    }
  });
});
