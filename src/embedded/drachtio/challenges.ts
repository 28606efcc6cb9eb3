import type { SipHeaders } from '../sip/headers.ts';

/** How long a caller has for its credentials, as with drachtio-server 0.9.10. */
const PATIENCE_MS = 2000;

interface Challenge {
  readonly realm: string;
  readonly destination: string;
  readonly forget: NodeJS.Timeout;
}

/** Who asked for credentials: the request that brings them is for that destination alone (RFC 3261 16.6 step 2). */
export class Challenges {
  readonly #byNonce = new Map<string, Challenge>();

  /** Remembers who sent this 401 or 407. */
  remember(headers: SipHeaders, destination: string): void {
    const asked = readDigest(headers.get('www-authenticate') ?? headers.get('proxy-authenticate'));
    if (asked === undefined) return;
    const forget = setTimeout(() => this.#byNonce.delete(asked.nonce), PATIENCE_MS);
    this.#byNonce.set(asked.nonce, { realm: asked.realm, destination, forget });
  }

  /** @returns the destination this request brings the credentials for. */
  answeredBy(headers: SipHeaders): string | undefined {
    const given = readDigest(headers.get('authorization') ?? headers.get('proxy-authorization'));
    const challenge = given && this.#byNonce.get(given.nonce);
    if (given === undefined || challenge?.realm !== given.realm) return undefined;
    clearTimeout(challenge.forget);
    this.#byNonce.delete(given.nonce);
    return challenge.destination;
  }

  clear(): void {
    for (const { forget } of this.#byNonce.values()) clearTimeout(forget);
    this.#byNonce.clear();
  }
}

function readDigest(value: string | undefined): { readonly realm: string; readonly nonce: string } | undefined {
  const parameter = (name: string): string | undefined =>
    new RegExp(`\\b${name}="((?:[^"\\\\]|\\\\.)*)"`, 'i').exec(value ?? '')?.[1];
  const [realm, nonce] = [parameter('realm'), parameter('nonce')];
  return realm === undefined || nonce === undefined ? undefined : { realm, nonce };
}
