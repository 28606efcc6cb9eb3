/**
 * Faults of drachtio-srf 5.0.29, shown on the library itself. A test that turns red says that the fault has been mended, and
 * that the work-around it names can go.
 */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import type Srf from 'drachtio-srf';
import { expect, test, vi } from 'vitest';
import { DrachtioServer } from '../../../src/embedded/drachtio/server.ts';
import { Peer, sdp } from '../drachtio/peer.ts';
import { connectSrf, requestInDialog } from '../drachtio/srf-app.ts';
import { Phone } from '../../support/phone.ts';
import { tone } from '../../support/tone.ts';

/** A drachtio-server whose messages can be held back, so that several reach the application in one segment. */
async function relayed(target: number): Promise<{ readonly adminPort: number; holdUntil(text: string): void }> {
  let waitingFor: string | undefined;
  const relay = createServer((application) => {
    const server = connect(target, '127.0.0.1');
    application.pipe(server);
    let held = '';
    server.on('data', (chunk) => {
      held += chunk.toString();
      if (waitingFor !== undefined && !held.includes(waitingFor)) return;
      application.write(held);
      held = '';
      waitingFor = undefined;
    });
    application.on('close', () => server.destroy());
    server.on('close', () => application.destroy());
    relay.close();
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  return {
    adminPort: (relay.address() as AddressInfo).port,
    holdUntil: (text) => {
      waitingFor = text;
    },
  };
}

test('modify never goes out again after it was refused once (b2bua/leg.ts, media/channel.ts: by request)', async () => {
  const server = await DrachtioServer.listen({ secret: 'cymru' });
  const callee = await Peer.open('callee');
  const srf = await connectSrf(server);
  const calling = srf.createUAC(callee.uri, { localSdp: sdp('caller') });
  await callee.answer(await callee.next('INVITE'), 200, {}, sdp('callee'));
  const dialog = await calling;

  const refused = dialog.modify(sdp('refused'));
  await callee.answer(await callee.next('INVITE'), 491);
  await expect(refused).rejects.toMatchObject({ status: 491 });
  let settled = false;
  void dialog.modify(sdp('never sent')).finally(() => (settled = true));
  const sent = requestInDialog(dialog, { method: 'INVITE', body: sdp('by request') });
  const received = await callee.next('INVITE');
  expect(received.request.body).toBe(sdp('by request'));
  await callee.answer(received, 200, {}, sdp('callee'));
  expect((await sent).status).toBe(200);
  expect(settled).toBe(false);
  srf.disconnect();
  await callee.close();
  await server.close();
});

test('a BYE in the segment of the 200 is over before a promise says that there is a dialog (b2bua: callbacks)', async () => {
  const server = await DrachtioServer.listen({ secret: 'cymru' });
  const relay = await relayed(server.adminPort);
  const srf = await connectSrf(relay);
  const callee = await Phone.open({ name: 'callee', voice: tone('agent'), onIncoming: 'ring' });
  const answersAndHangsUp = async () => {
    const call = await callee.incoming();
    relay.holdUntil('BYE sip:');
    await call.answer();
    void call.hangUp();
  };

  void answersAndHangsUp();
  const dialog = await srf.createUAC(callee.uri, { localSdp: sdp('caller') });
  const told = vi.fn();
  dialog.on('destroy', told);
  expect(dialog).toMatchObject({ connected: false });

  void answersAndHangsUp();
  await new Promise<void>((resolve, reject) => {
    srf.createUAC(callee.uri, { localSdp: sdp('caller') }, {}, (error: unknown, inTime?: Srf.Dialog) => {
      if (inTime === undefined) reject(new Error(String(error)));
      else inTime.on('destroy', () => resolve());
    });
  });
  expect(told).not.toHaveBeenCalled();
  srf.disconnect();
  await callee.close();
  await server.close();
});
