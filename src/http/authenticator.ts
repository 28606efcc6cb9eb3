import { createHmac, randomBytes } from 'node:crypto';
import type { User } from '../coaching/device.ts';
import { hashPassword, verifyPassword } from './password.ts';
import type { Account } from './ports.ts';

/** How many verified credentials are remembered. */
const REMEMBERED = 1000;

interface Credentials {
  readonly userName: string;
  readonly password: string;
}

/**
 * Finds out who sent HTTP Basic credentials (RFC 7617). Checking a password is slow on purpose; what has proved right is
 * remembered under an HMAC with a key that lives as long as the process, so that the password itself is not kept.
 */
export class Authenticator {
  readonly #accounts: { account(userName: string): Account | undefined };
  readonly #key = randomBytes(32);
  readonly #verified = new Map<string, Promise<boolean>>();
  /** Nobody's hash: an unknown name takes as long as a wrong password. */
  #decoy: Promise<string> | undefined;

  constructor(accounts: { account(userName: string): Account | undefined }) {
    this.#accounts = accounts;
  }

  /** The user whom an Authorization header proves to be there; `undefined` where it proves nothing. */
  async user(authorization: string | undefined): Promise<User | undefined> {
    const credentials = basicCredentials(authorization);
    if (credentials === undefined) return undefined;
    const account = this.#accounts.account(credentials.userName);
    if (account === undefined) {
      this.#decoy ??= hashPassword(randomBytes(16).toString('hex'));
      await verifyPassword(credentials.password, await this.#decoy);
      return undefined;
    }
    return (await this.#isRight(credentials, account.passwordHash)) ? account.user : undefined;
  }

  #isRight({ userName, password }: Credentials, hash: string): Promise<boolean> {
    const key = createHmac('sha256', this.#key)
      .update(JSON.stringify([userName, password, hash]))
      .digest('base64');
    const known = this.#verified.get(key);
    if (known !== undefined) return known;
    const checked = verifyPassword(password, hash);
    this.#remember(key, checked);
    return checked;
  }

  /** Also while the check is going on, so that many requests at once are one check. What has proved wrong is forgotten. */
  #remember(key: string, checked: Promise<boolean>): void {
    const [oldest] = this.#verified.keys();
    if (oldest !== undefined && this.#verified.size >= REMEMBERED) this.#verified.delete(oldest);
    this.#verified.set(key, checked);
    const forget = () => this.#verified.delete(key);
    checked.then((right) => right || forget(), forget);
  }
}

function basicCredentials(authorization: string | undefined): Credentials | undefined {
  const encoded = /^Basic +([\w+/-]+={0,2}) *$/i.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const decoded = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  if (colon < 0) return undefined;
  return { userName: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}
