import { describe, expect, it } from 'vitest';
import { Registrar } from '../../../src/b2bua/registrar.ts';
import { Phone } from '../../support/phone.ts';
import { tone } from '../../support/tone.ts';
import { House, PASSWORD } from './house.ts';

const elsewhere = { switchAddresses: ['192.0.2.1'], residents: [{ number: '5001' }, { number: '5002' }] };

describe('a device that registers', () => {
  it.each(['SHA-256', 'MD5'] as const)(
    'proves itself with %s, is active, and is gone when it unregisters',
    async (algorithm) => {
      await using house = await House.open(elsewhere);
      const phone = await house.phone('desk', {
        user: '5001',
        credentials: { username: '5001', password: PASSWORD, algorithm },
      });
      expect(await phone.register(house.sip)).toBe(200);
      expect(await house.control.hears('registration')).toMatchObject({ deviceId: 'device-5001' });
      expect(house.b2bua.registrations.contacts('device-5001')).toMatchObject([{ uri: phone.uri }]);
      expect(await phone.unregister(house.sip)).toBe(200);
      expect(house.b2bua.registrations.isActive('device-5001')).toBe(false);
      expect(house.control.told.filter(({ type }) => type === 'registration')).toHaveLength(2);
    },
  );

  it('is refused with a wrong password, an unknown name, or the number of another', async () => {
    await using house = await House.open(elsewhere);
    const status = async (user: string, username: string, password: string) =>
      (await house.phone('desk', { user, credentials: { username, password } })).register(house.sip);
    expect(await status('5001', '5001', 'wrong')).toBe(403);
    expect(await status('5001', '5009', PASSWORD)).toBe(403);
    expect(await status('5002', '5001', PASSWORD)).toBe(403);
    expect(house.b2bua.registrations.isActive('device-5001')).toBe(false);
  });

  it('is gone when its time is over', async () => {
    await using house = await House.open({ ...elsewhere, registrar: new Registrar({ minExpires: 1 }) });
    const phone = await house.phone('desk', { user: '5001', credentials: { username: '5001', password: PASSWORD } });
    expect(await phone.register(house.sip, 1)).toBe(200);
    await house.control.until(
      'the device to go',
      () => house.control.told.filter(({ type }) => type === 'registration').length === 2,
    );
    expect(house.b2bua.registrations.isActive('device-5001')).toBe(false);
  });

  it('is told how long it must register at least', async () => {
    await using house = await House.open({ ...elsewhere, registrar: new Registrar({ minExpires: 120 }) });
    const phone = await house.phone('desk', { user: '5001', credentials: { username: '5001', password: PASSWORD } });
    expect(await phone.register(house.sip, 60)).toBe(423);
  });
});

describe('a device that calls', () => {
  it('reaches another device, and the switch', async () => {
    await using house = await House.open({ ...elsewhere, switchUri: 'sip:127.0.0.1:9' });
    const [one, other] = [await house.registered('5001'), await house.registered('5002')];
    const call = one.call(house.uri('5002'));
    await call.established();
    expect((await other.incoming()).state).toBe('established');
    expect((await house.control.hears('established')).call).toMatchObject({
      type: 'Internal',
      caller: { deviceId: 'device-5001', phoneNumber: '5001' },
      callee: { deviceId: 'device-5002' },
    });
  });

  it('reaches numbers outside through the switch', async () => {
    await using trunk = await Phone.open({ name: 'trunk', voice: tone('agent') });
    await using house = await House.open({ ...elsewhere, switchUri: trunk.uri.replace('trunk@', '') });
    const one = await house.registered('5001');
    const call = one.call(house.uri('0301234'), {
      headers: { 'P-Asserted-Identity': '<sip:boss@example.com>', 'X-Case': '1' },
    });
    await call.established();
    const incoming = await trunk.incoming();
    expect(incoming.invite.uri).toMatch(/^sip:0301234@127\.0\.0\.1/);
    expect(incoming.invite.headers.get('P-Asserted-Identity')).toBeUndefined();
    expect(incoming.invite.headers.get('X-Case')).toBe('1');
    expect((await house.control.hears('established')).call).toMatchObject({
      type: 'Outbound',
      callee: { phoneNumber: '0301234', deviceId: undefined },
    });
  });

  it('must be who it says it is; strangers are refused at once', async () => {
    await using house = await House.open(elsewhere);
    await house.registered('5002');
    const credentials = { username: '5001', password: PASSWORD };
    const status = async (user: string, options = {}) => {
      const phone = await house.phone(user, { user, ...options });
      return (await phone.call(house.uri('5002')).final()).status;
    };
    expect(await status('5001')).toBe(407);
    expect(await status('5001', { credentials: { ...credentials, password: 'wrong' } })).toBe(403);
    expect(await status('5002', { credentials })).toBe(403);
    expect(await status('stranger')).toBe(403);
    expect(house.control.arrivals).toEqual([]);
  });

  it('is not reached where it is not registered', async () => {
    await using house = await House.open({ residents: [{ number: '5001' }] });
    const customer = await house.phone('customer');
    expect((await customer.call(house.uri('5001')).final()).status).toBe(480);
  });
});
