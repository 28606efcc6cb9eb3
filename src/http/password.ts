import { randomBytes, scrypt as scryptCallback, type ScryptOptions, timingSafeEqual } from 'node:crypto';

/** OWASP's recommendation for scrypt with 16 MiB of memory: N = 2^14, r = 8, p = 5. */
const PARAMETERS = { ln: 14, r: 8, p: 5 };
const KEY_BYTES = 32;

const FORMAT =
  /^\$scrypt\$ln=(?<ln>\d{1,2}),r=(?<r>\d{1,2}),p=(?<p>\d{1,2})\$(?<salt>[\w+/]+={0,2})\$(?<key>[\w+/]+={0,2})$/;

/** Makes the hash of a password (RFC 7914), salted, in the PHC string format. */
export async function hashPassword(plain: string): Promise<string> {
  const { ln, r, p } = PARAMETERS;
  const salt = randomBytes(16);
  const key = await derive(plain, salt, KEY_BYTES, PARAMETERS);
  return `$scrypt$ln=${ln},r=${r},p=${p}$${unpadded(salt)}$${unpadded(key)}`;
}

/** Whether the password belongs to the hash; compared in constant time. A string that is no hash fits no password. */
export async function verifyPassword(plain: string, hash: string): Promise<boolean> {
  const parts = FORMAT.exec(hash)?.groups;
  if (parts === undefined) return false;
  const { ln = '', r = '', p = '', salt = '', key = '' } = parts;
  const expected = Buffer.from(key, 'base64');
  const parameters = { ln: Number(ln), r: Number(r), p: Number(p) };
  const derived = await derive(plain, Buffer.from(salt, 'base64'), expected.length, parameters);
  return timingSafeEqual(derived, expected);
}

function derive(plain: string, salt: Buffer, length: number, { ln, r, p }: typeof PARAMETERS): Promise<Buffer> {
  // Node refuses to use more than `maxmem`; scrypt needs 128 · N · r bytes (RFC 7914 section 2) and a little more.
  const options: ScryptOptions = { N: 2 ** ln, r, p, maxmem: 128 * 2 ** ln * r + 2 ** 20 * p };
  return new Promise((resolve, reject) => {
    scryptCallback(plain.normalize('NFKC'), salt, length, options, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

const unpadded = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');
