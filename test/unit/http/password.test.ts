import { scryptSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { hashPassword, verifyPassword } from '../../../src/http/password.ts';

describe('the hash of a password', () => {
  it('fits the password and no other, and is another each time', async () => {
    const hash = await hashPassword('earpiece');
    expect(hash).toMatch(/^\$scrypt\$ln=14,r=8,p=5\$/);
    expect(await verifyPassword('earpiece', hash)).toBe(true);
    expect(await verifyPassword('Earpiece', hash)).toBe(false);
    expect(await verifyPassword('', hash)).toBe(false);
    expect(await hashPassword('earpiece')).not.toBe(hash);
  });

  it('is scrypt (RFC 7914) with the parameters it names', async () => {
    const key = scryptSync('pleaseletmein', 'SodiumChloride', 32, { N: 1024, r: 4, p: 2 }).toString('base64');
    const salt = Buffer.from('SodiumChloride').toString('base64').replace(/=+$/, '');
    expect(await verifyPassword('pleaseletmein', `$scrypt$ln=10,r=4,p=2$${salt}$${key}`)).toBe(true);
  });

  it('means the same letters however they are composed', async () => {
    expect(await verifyPassword('u\u0308ber', await hashPassword('\u00fcber'))).toBe(true);
  });

  it.each(['', 'earpiece', '$scrypt$ln=14,r=8,p=5$$', '$2b$10$abc'])(
    'that is none (%s) fits no password',
    async (hash) => {
      expect(await verifyPassword('earpiece', hash)).toBe(false);
    },
  );
});
