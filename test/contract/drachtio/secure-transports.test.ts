import { readFileSync } from 'node:fs';
import type Srf from 'drachtio-srf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Inbox } from './inbox.ts';
import { sdp } from './peer.ts';
import { freshCallId, startServer, type ServerUnderTest } from './server-under-test.ts';
import { connectSrf, handle, hangUp, requestInDialog } from './srf-app.ts';
import { StreamPhone } from './stream-phone.ts';

/** Phones on TLS and WebSocket; with EARPIECE_DRACHTIO on a real drachtio-server that has such contacts. */
let server: ServerUnderTest;
let srf: Srf;
let phone: StreamPhone;

/** Self-signed, for nobody but these tests. */
const credentials = { key: pem('key'), cert: pem('cert') };
function pem(name: string): Buffer {
  return readFileSync(new URL(`../../fixtures/tls/${name}.pem`, import.meta.url));
}

const kinds = [
  { protocol: 'tls', told: 'tls', open: (port: number) => StreamPhone.overTls(port) },
  // To applications WebSocket is TCP.
  { protocol: 'ws', told: 'tcp', open: (port: number) => StreamPhone.overWebSocket(port) },
] as const;

describe.each(kinds)('a phone on $protocol', ({ protocol, told, open }) => {
  let contact: string;

  beforeEach(async () => {
    server = await startServer({ sipTlsPort: 0, sipWsPort: 0, sipWssPort: 0, credentials });
    srf = await connectSrf(server);
    phone = await open(server.portOf(protocol));
    const place = protocol === 'ws' ? `${freshCallId('phone')}.invalid` : `127.0.0.1:${phone.port}`;
    // drachtio-server 0.9.10 remembers for a minute on which connection a user of a host has registered.
    contact = `<sip:${freshCallId('user')}@${place};transport=${protocol}>`;
  });

  afterEach(async () => {
    srf.disconnect();
    phone.close();
    await server.close();
  });

  const request = (method: string, callId: string, cseq: number, to = '', body = ''): string => {
    const port = server.portOf(protocol);
    return [
      `${method} sip:agent@127.0.0.1:${port};transport=${protocol} SIP/2.0`,
      `Via: SIP/2.0/${protocol.toUpperCase()} ${/@([^;>]+)/.exec(contact)?.[1]};branch=z9hG4bK${freshCallId('b')};rport`,
      'Max-Forwards: 70',
      'From: <sip:phone@127.0.0.1>;tag=mine',
      `To: ${to === '' ? '<sip:agent@127.0.0.1>' : to}`,
      `Call-ID: ${callId}`,
      `CSeq: ${cseq} ${method}`,
      `Contact: ${contact}`,
      ...(method === 'REGISTER' ? ['Expires: 60'] : []),
      ...(body === '' ? [] : ['Content-Type: application/sdp']),
      `Content-Length: ${Buffer.byteLength(body)}`,
      `\r\n${body}`,
    ].join('\r\n');
  };
  const header = (message: string, name: string): string =>
    new RegExp(`^${name}: (.*)$`, 'mi').exec(message)?.[1]?.trim() ?? '';

  test('calls in, is sent requests on its own connection, and hangs up', async () => {
    const up = new Inbox<Srf.Dialog>();
    const over = new Inbox<string>();
    srf.invite((req, res) => {
      expect((req as unknown as { protocol: string }).protocol).toBe(told);
      void srf.createUAS(req, res, { localSdp: sdp('uas') }).then((dialog) => {
        dialog.on('destroy', () => over.put('over'));
        up.put(dialog);
      });
    });
    const callId = freshCallId('in');
    phone.send(request('INVITE', callId, 1, '', sdp('phone')));
    const answer = await phone.next('SIP/2.0 200');
    const ours = header(answer, 'Contact');
    expect(ours).toMatch(new RegExp(`^<sips?:127\\.0\\.0\\.1:${server.portOf(protocol)}(;transport=${protocol})?>$`));
    phone.send(request('ACK', callId, 1, header(answer, 'To')));
    const dialog = await up.next();
    const informed = requestInDialog(dialog, { method: 'INFO' });
    const info = await phone.request('INFO');
    expect(info.headers.get('via')).toContain(`SIP/2.0/${protocol.toUpperCase()} 127.0.0.1:${server.portOf(protocol)}`);
    phone.answer(info, 200, {});
    expect((await informed).status).toBe(200);
    phone.send(request('BYE', callId, 2, header(answer, 'To')));
    await phone.next('SIP/2.0 200');
    expect(await over.next()).toBe('over');
  });

  test('registers, and is called on the connection it registered on', async () => {
    handle(srf, 'register', (_req, res) => {
      res.send(200, { headers: { Contact: `${contact};expires=60`, Expires: '60' } });
    });
    phone.send(request('REGISTER', freshCallId('register'), 1));
    await phone.next('SIP/2.0 200');
    const calling = srf.createUAC(contact.slice(1, -1), { localSdp: sdp('uac') });
    const invite = await phone.request('INVITE');
    expect(invite.body).toBe(sdp('uac'));
    const ours = invite.headers.get('contact') ?? '';
    expect(ours).toMatch(new RegExp(`^<sips?:127\\.0\\.0\\.1:${server.portOf(protocol)}(;transport=${protocol})?>$`));
    phone.answer(invite, 200, { Contact: contact, 'Content-Type': 'application/sdp' }, sdp('phone'));
    const dialog = await calling;
    await phone.next('ACK');
    const hungUp = hangUp(dialog);
    const bye = await phone.request('BYE');
    phone.answer(bye, 200, {});
    await hungUp;
  });
});
