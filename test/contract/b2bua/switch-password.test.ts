import { describe, expect, it } from 'vitest';
import { Phone } from '../../support/phone.ts';
import { tone } from '../../support/tone.ts';
import { House } from './house.ts';

const CHALLENGE = 'Digest realm="switch.test", nonce="c0ffee", algorithm=MD5, qop="auth"';
const switchAuth = { username: 'earpiece', password: 'open sesame' };

/** Somebody who asks for a password again and again. */
const asking = (name: string): Promise<Phone> =>
  Phone.open({
    name,
    voice: tone('agent'),
    onIncoming: { reject: 407, headers: { 'Proxy-Authenticate': CHALLENGE } },
  });

const invites = ({ history }: Phone): string[] =>
  history.entries
    .filter(({ direction, text }) => direction === 'received' && text.startsWith('INVITE '))
    .map(({ text }) => /^Proxy-Authorization: *Digest username="(\w+)"/im.exec(text)?.[1] ?? 'no password');

describe('a password for the switch', () => {
  it('is said to the switch that asks, for a number and for a device there, and to nobody else', async () => {
    await using trunk = await asking('switch');
    await using stranger = await asking('stranger');
    await using house = await House.open({
      switchUri: `sip:127.0.0.1:${trunk.sipPort}`,
      switchAuth,
      switchAddresses: ['127.0.0.1'],
      residents: [
        { number: '5001', address: `sip:5001@127.0.0.1:${trunk.sipPort};transport=udp` },
        { number: '5002', address: `sip:5002@127.0.0.1:${stranger.sipPort}` },
      ],
    });
    const call = async (from: string, to: string) => {
      const phone = await house.phone('caller');
      return (await phone.call(house.uri(to), { from: `<sip:${from}@127.0.0.1>` }).final()).status;
    };
    expect(await call('1001', '5001')).toBe(403);
    expect(invites(trunk)).toEqual(['no password', 'earpiece']);
    expect(await call('5001', '1001')).toBe(403);
    expect(invites(trunk)).toEqual(['no password', 'earpiece', 'no password', 'earpiece']);
    expect(await call('1001', '5002')).toBe(403);
    expect(invites(stranger)).toEqual(['no password']);
  });
});
