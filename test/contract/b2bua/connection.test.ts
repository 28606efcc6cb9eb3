import { pino } from 'pino';
import { expect, it } from 'vitest';
import { B2bua } from '../../../src/b2bua/b2bua.ts';
import { Registrar } from '../../../src/b2bua/registrar.ts';
import type { Directory } from '../../../src/coaching/ports.ts';
import { DrachtioServer } from '../../../src/embedded/drachtio/server.ts';
import { freePort } from '../../support/free-port.ts';
import { House } from './house.ts';
import { Wire } from './wire.ts';

const nobody: Directory = { device: () => undefined, deviceByNumber: () => undefined, isActive: () => false };
const options = (port: number, secret: string) => ({
  drachtio: { host: '127.0.0.1', port, secret },
  switch: { addresses: [] },
  realm: 'house',
  registrar: new Registrar(),
  credentials: () => undefined,
  connectMs: 500,
});
const log = pino({ level: 'silent' });

it('says so at once when drachtio refuses the secret', async () => {
  const server = await DrachtioServer.listen({ secret: 'right' });
  await expect(B2bua.connect(options(server.adminPort, 'wrong'), nobody, log)).rejects.toMatchObject({
    code: 'unavailable',
  });
  await server.close();
});

it('waits for a drachtio that is not there, but not for ever', async () => {
  await expect(B2bua.connect(options(await freePort(), 'right'), nobody, log)).rejects.toMatchObject({
    code: 'timeout',
  });
});

it('is closed twice without a complaint, and says what is wrong with an address of the switch', async () => {
  const server = await DrachtioServer.listen({ secret: 'right' });
  const b2bua = await B2bua.connect(options(server.adminPort, 'right'), nobody, log);
  expect(b2bua.hostPorts).toContain(`udp/127.0.0.1:${server.sipPort}`);
  await b2bua.close();
  await b2bua.close();
  const wrong = { ...options(server.adminPort, 'right'), switch: { addresses: ['pbx'] } };
  await expect(B2bua.connect(wrong, nobody, log)).rejects.toBeInstanceOf(RangeError);
  await server.close();
});

it('is back after its connection was cut: new calls are taken, old ones go on and can still be ended', async () => {
  let wire: Wire | undefined;
  const controlPort = async (port: number) => {
    wire = await Wire.to(port);
    return wire.port;
  };
  await using house = await House.open({ residents: [{ number: '5001' }], controlPort });
  const agent = await house.registered('5001');
  const customer = await house.phone('customer');
  const old = customer.call(house.uri('5001'));
  const { call } = await house.control.hears('established');

  wire?.cut();
  await house.diary.says('connected to drachtio again');
  expect(old.state).toBe('established');
  const young = customer.call(house.uri('5001'));
  await young.established();
  expect(agent.calls).toHaveLength(2);

  expect(await house.b2bua.offer(call.caller.legId, house.b2bua.remoteDescription(call.callee.legId))).toContain(
    'o=customer',
  );
  await house.b2bua.hangUp(call.caller.legId);
  expect(await old.ended()).toMatchObject({ kind: 'hung-up', by: 'peer' });
  expect(await agent.calls[0]?.ended()).toMatchObject({ kind: 'hung-up', by: 'peer' });
  expect(young.state).toBe('established');
  await house.b2bua.close();
  await wire?.[Symbol.asyncDispose]();
});
