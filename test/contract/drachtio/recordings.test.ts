import { afterEach, beforeEach, expect, test } from 'vitest';
import { DrachtioServer } from '../../../src/embedded/drachtio/server.ts';
import { RawApp } from './raw-app.ts';
import { Transcript } from './transcript.ts';
import { UdpPhone } from './udp-phone.ts';

let server: DrachtioServer;
let app: RawApp;
let caller: UdpPhone;
let agent: UdpPhone;

beforeEach(async () => {
  // A second of Session-Expires is 20 ms: a session of 90 s is refreshed after 0.9 s.
  server = await DrachtioServer.listen({ secret: 'cymru', second: 20 });
  app = await RawApp.authenticated(server.adminPort, 'invite');
  caller = await UdpPhone.open();
  agent = await UdpPhone.open();
});

afterEach(async () => {
  app.close();
  caller.close();
  agent.close();
  await server.close();
});

test.each([
  ['a call ended by the caller', 'call-ended-by-caller'],
  ['a call ended by the callee', 'call-ended-by-callee'],
  ['an ACK so late that the 200 is repeated', 'late-ack'],
  ['CANCEL while the callee rings', 'cancel-while-ringing'],
  ['CANCEL before the callee said anything', 'cancel-held-back'],
  ['CANCEL that crosses the 200 of the callee', 'cancel-crosses-200'],
  ['a busy callee', 'busy'],
  ['a callee whose port is closed', 'unreachable'],
  ['an application that sends to the server itself', 'to-itself'],
  ['hold by re-INVITE, UPDATE with and without SDP, REFER and NOTIFY', 'hold-update-refer'],
  ['session timers on both legs, refreshed by the server', 'session-timer'],
])('%s goes over the wires as with the real drachtio-server', async (_, name) => {
  await new Transcript(name).replay(server, app, { caller, agent });
  expect(app.frames.rest).toEqual([]);
  expect(caller.received.rest).toEqual([]);
  expect(agent.received.rest).toEqual([]);
});
