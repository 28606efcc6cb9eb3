import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { B2bua } from '../../../src/b2bua/b2bua.ts';
import { Registrar } from '../../../src/b2bua/registrar.ts';
import type { Directory } from '../../../src/coaching/ports.ts';
import { DrachtioServer } from '../../../src/embedded/drachtio/server.ts';
import { freePort } from '../../support/free-port.ts';
import { Diary } from './diary.ts';
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

/** One that waits for the right drachtio at this port, and what it says meanwhile. */
function waiting(port: number) {
  const diary = new Diary();
  const b2bua = new B2bua(options(port, 'right'), nobody, pino({ level: 'info' }, diary));
  const connected = b2bua.connect();
  const warnings = () => diary.lines.filter((line) => (JSON.parse(line) as { level: number }).level >= 40);
  return { b2bua, connected, diary, warnings };
}

it('waits for a drachtio that refuses the secret, and says so once, until it does not', async () => {
  const server = await DrachtioServer.listen({ secret: 'wrong' });
  const { adminPort } = server;
  const { b2bua, connected, diary, warnings } = waiting(adminPort);
  await diary.says('drachtio refuses our secret');
  expect(b2bua.status).toEqual({ state: 'refused', reason: 'drachtio refuses our secret' });
  expect(warnings()).toHaveLength(1);
  await server.close();
  const other = await DrachtioServer.listen({ secret: 'right', adminPort });
  await connected;
  expect(b2bua.status).toEqual({ state: 'up' });
  await b2bua.close();
  await other.close();
});

it('waits for a drachtio that is not there, and says so once, until it is', async () => {
  const port = await freePort();
  const { b2bua, connected, diary, warnings } = waiting(port);
  await diary.says('drachtio cannot be reached, trying again');
  expect(b2bua.status).toEqual({ state: 'connecting', reason: `connect ECONNREFUSED 127.0.0.1:${port}` });
  const server = await DrachtioServer.listen({ secret: 'right', adminPort: port });
  await connected;
  expect(b2bua.hostPorts).toContain(`udp/127.0.0.1:${server.sipPort}`);
  expect(warnings()).toHaveLength(1);
  await b2bua.close();
  await server.close();
});

it('says that a drachtio does not answer', async () => {
  const mute = createServer();
  mute.listen(0, '127.0.0.1');
  await once(mute, 'listening');
  const { b2bua, diary } = waiting((mute.address() as AddressInfo).port);
  await diary.says('drachtio cannot be reached, trying again');
  expect(b2bua.status).toEqual({ state: 'connecting', reason: 'drachtio does not answer' });
  await b2bua.close();
  mute.close();
});

it('is closed twice without a complaint, and says what is wrong with an address of the switch', async () => {
  const server = await DrachtioServer.listen({ secret: 'right' });
  const b2bua = new B2bua(options(server.adminPort, 'right'), nobody, log);
  await b2bua.connect();
  expect(b2bua.hostPorts).toContain(`udp/127.0.0.1:${server.sipPort}`);
  await b2bua.close();
  await b2bua.close();
  const wrong = { ...options(server.adminPort, 'right'), switch: { addresses: ['pbx'] } };
  expect(() => new B2bua(wrong, nobody, log)).toThrow(RangeError);
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

it('a call that was answered, and not acknowledged when the connection was cut, is ended for both', async () => {
  let wire: Wire | undefined;
  const controlPort = async (port: number) => {
    wire = await Wire.to(port);
    return wire.port;
  };
  await using house = await House.open({ residents: [{ number: '5001' }], controlPort });
  const agent = await house.registered('5001');
  const customer = await house.phone('customer');
  const call = customer.call(house.uri('5001'), { ackAfter: 100 });
  const incoming = await agent.incoming();
  await incoming.acknowledged();
  await call.final();
  wire?.cut();
  await house.diary.says('connected to drachtio again');
  expect(await incoming.ended()).toMatchObject({ kind: 'hung-up', by: 'peer' });
  expect(await call.ended()).toMatchObject({ kind: 'hung-up', by: 'peer' });
  expect(house.control.told.map(({ type }) => type)).toEqual(['registration']);
});

it('notices that drachtio is frozen, or the network gone, and connects anew', async () => {
  let wire: Wire | undefined;
  const controlPort = async (port: number) => {
    wire = await Wire.to(port);
    return wire.port;
  };
  await using house = await House.open({ controlPort });
  wire?.freeze();
  await house.diary.says('drachtio does not answer', 1, { within: 30_000 });
  await house.diary.says('connected to drachtio again');
  expect(house.b2bua.status).toEqual({ state: 'up' });
  wire?.cut();
});
