import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Lab, onRealEngines } from '../support/lab.ts';
import { nothingIsLeft } from '../support/leftovers.ts';
import { type Random, seededRandom } from '../support/random.ts';

const SEED = Number(process.env['EARPIECE_SEED'] ?? Date.now() % 1_000_000);
const MESSAGES = 1500;

const sdp = ['v=0', 'o=x 1 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0', 'm=audio 9 RTP/AVP 0', ''].join(
  '\r\n',
);

function message(method: string, port: number, n: number): string {
  return [
    `${method} sip:5001@127.0.0.1 SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bK${n};rport`,
    `From: "A, B" <sip:100@127.0.0.1>;tag=f${n}`,
    `To: <sip:5001@127.0.0.1>`,
    `Call-ID: malformed-${n}@127.0.0.1`,
    `CSeq: ${n} ${method}`,
    `Contact: <sip:100@127.0.0.1:${port};transport=udp>;expires=60`,
    'Max-Forwards: 70',
    'Diversion: <sip:1@x>;reason=unknown',
    'P-Asserted-Identity: "Q" <sip:100@x>, <tel:+1>',
    'Authorization: Digest username="5001", realm="earpiece", nonce="x", uri="sip:x", response="y"',
    'Session-Expires: 1800;refresher=uac',
    'Content-Type: application/sdp',
    `Content-Length: ${sdp.length}`,
    '',
    sdp,
  ].join('\r\n');
}

const NASTY = [
  '',
  ' ',
  '"',
  '<',
  '>',
  ';',
  ',',
  ':',
  '\0',
  '%',
  '%zz',
  '\r\n',
  '\r\n ',
  '@',
  '[',
  'é',
  '9'.repeat(40),
  '-1',
  'SIP/2.0',
  '=',
  '\t',
];

/** One to four small changes: bytes replaced, cut out, put in twice; whole lines dropped, doubled or emptied. */
function spoilt(text: string, random: Random): string {
  let result = text;
  const pick = (below: number) => Math.floor(random() * below);
  for (let changes = 1 + pick(4); changes > 0; changes--) {
    const [at, length] = [pick(result.length), pick(12)];
    const lines = result.split('\r\n');
    const line = pick(lines.length);
    const ways = [
      () => result.slice(0, at) + (NASTY[pick(NASTY.length)] ?? '') + result.slice(at + length),
      () => result.slice(0, at) + result.slice(at, at + length) + result.slice(at),
      () => lines.toSpliced(line, 1).join('\r\n'),
      () => lines.toSpliced(line, 0, lines[line] ?? '').join('\r\n'),
      () => lines.toSpliced(line, 1, `${(lines[line] ?? '').split(':')[0] ?? ''}:`).join('\r\n'),
      () => result.slice(0, at),
    ];
    result = ways[pick(ways.length)]?.() ?? result;
  }
  return result;
}

// A real drachtio-server 0.9.10 does not live through them (seen): then this says nothing about Earpiece.
describe.skipIf(onRealEngines)(`${MESSAGES} almost right SIP messages (EARPIECE_SEED=${SEED})`, () => {
  it('harm no call, leave nothing behind, and the next call works', async () => {
    await using lab = await Lab.start();
    const trio = await lab.trio({ agent: { onIncoming: 'answer' } });
    const call = await lab.call(trio);
    const random = seededRandom(SEED);
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const methods = ['REGISTER', 'OPTIONS', 'INFO', 'BYE', 'ACK', 'CANCEL', 'UPDATE', 'NOTIFY', 'SUBSCRIBE', 'INVITE'];
    for (let n = 1; n <= MESSAGES; n++) {
      const method = methods[Math.floor(random() * methods.length)] ?? 'INVITE';
      const target = method === 'INVITE' ? '4711' : '5001';
      const text = spoilt(message(method, socket.address().port, n).replaceAll('5001@', `${target}@`), random);
      socket.send(text, lab.sip.port, lab.sip.address);
      if (n % 10 === 0) await turn();
    }
    const { customer, agent } = trio;
    await Promise.all([customer.probe.hears(agent.voice), agent.probe.hears(customer.voice)]);
    expect(call.state).toBe('established');
    await lab.coach();
    await agent.probe.hears(trio.supervisor.voice);
    await call.hangUp();
    socket.close();
    await nothingIsLeft(lab);
    trio.oracle.assertNeverHeard('customer', 'supervisor');
  });
});
