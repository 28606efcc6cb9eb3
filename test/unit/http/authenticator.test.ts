import { describe, expect, it } from 'vitest';
import type { User } from '../../../src/coaching/device.ts';
import { Authenticator } from '../../../src/http/authenticator.ts';
import { hashPassword } from '../../../src/http/password.ts';

const ada: User = { id: '1', userName: 'ada', firstName: '', lastName: '', roles: ['agent'] };
const basic = (credentials: string) => `Basic ${Buffer.from(credentials).toString('base64')}`;

async function authenticator() {
  let passwordHash = await hashPassword('a:b:ü');
  const accounts = { account: (name: string) => (name === 'ada' ? { user: ada, passwordHash } : undefined) };
  return {
    who: new Authenticator(accounts),
    change: async (password: string) => (passwordHash = await hashPassword(password)),
  };
}

describe('HTTP Basic', () => {
  it('proves the user; the password may have colons and letters of any kind', async () => {
    const { who } = await authenticator();
    expect(await who.user(basic('ada:a:b:ü'))).toBe(ada);
    expect(await who.user(basic('ada:a:b:ü').replace('Basic', 'basic'))).toBe(ada);
  });

  it.each([
    undefined,
    '',
    'Basic',
    'Basic ?',
    `Bearer ${btoa('ada:x')}`,
    basic('ada'),
    basic('ada:'),
    basic('ada:a'),
    basic('bob:a:b:ü'),
  ])('proves nothing with %s', async (header) => {
    const { who } = await authenticator();
    expect(await who.user(header)).toBeUndefined();
  });

  it('remembers what has proved right, but not beyond a change of the password', async () => {
    const { who, change } = await authenticator();
    const header = basic('ada:a:b:ü');
    expect(await Promise.all([who.user(header), who.user(header)])).toEqual([ada, ada]);
    await change('new');
    expect(await who.user(header)).toBeUndefined();
    expect(await who.user(basic('ada:new'))).toBe(ada);
  });
});
