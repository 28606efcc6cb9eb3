import { expect, it } from 'vitest';
import { House } from './house.ts';

const broken = (): never => {
  throw new TypeError('the core is broken');
};

it('hangs both phones up when the core fails at the end of their call', async () => {
  await using house = await House.open({ residents: [{ number: '5001' }] });
  const agent = await house.registered('5001');
  const customer = await house.phone('customer');
  const call = customer.call(house.uri('5001'));
  await house.control.hears('established');
  house.control.callEnded = broken;
  await call.hangUp();
  expect(await (await agent.incoming()).ended()).toMatchObject({ kind: 'hung-up', by: 'peer' });
  await house.diary.says('the core is broken');
  await house.b2bua.close();
  expect(house.b2bua.counts).toEqual({ ringing: 0, calls: 0, legs: 0, supervisors: 0 });
});

it('lets a call go on that the core could not take', async () => {
  await using house = await House.open({ residents: [{ number: '5001' }] });
  const agent = await house.registered('5001');
  house.control.callEstablished = broken;
  const call = (await house.phone('customer')).call(house.uri('5001'));
  await call.established();
  await house.diary.says('callEstablished');
  const incoming = await agent.incoming();
  expect((await call.request('INFO', { body: '1', contentType: 'text/plain' })).status).toBe(200);
  await incoming.hangUp();
  expect(await call.ended()).toMatchObject({ kind: 'hung-up', by: 'peer' });
});

it('takes registrations whatever the core makes of them', async () => {
  await using house = await House.open({ residents: [{ number: '5001' }] });
  house.control.registrationChanged = broken;
  const phone = await house.registered('5001');
  expect(house.b2bua.registrations.isActive('device-5001')).toBe(true);
  await house.diary.says('registrationChanged');
  expect(await phone.unregister(house.sip)).toBe(200);
});

it('outlives a core that fails when a supervisor hangs up', async () => {
  await using house = await House.open({ residents: [{ number: '5005' }] });
  const phone = await house.registered('5005');
  const device = { id: 'device-5005', phoneNumber: '5005', address: undefined, ownerId: undefined, autoAnswer: false };
  const offer = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n';
  await house.b2bua.dial({ device, offer, callId: 'call-1' }, new AbortController().signal);
  house.control.supervisorLegEnded = broken;
  expect(await (await phone.incoming()).hangUp()).toBe(200);
  await house.diary.says('supervisorLegEnded');
  expect(house.b2bua.counts.supervisors).toBe(0);
});
