import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { House } from './house.ts';

/** The status of the answer to OPTIONS, as a switch asks whether somebody is there. */
async function askedFor({ sip }: House): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const here = `127.0.0.1:${socket.address().port}`;
  const lines = [
    `OPTIONS sip:ping@${sip.address}:${sip.port} SIP/2.0`,
    `Via: SIP/2.0/UDP ${here};branch=z9hG4bK${crypto.randomUUID()}`,
    `From: <sip:switch@${here}>;tag=ping`,
    `To: <sip:ping@${sip.address}>`,
    `Call-ID: ${crypto.randomUUID()}`,
    'CSeq: 1 OPTIONS',
    'Max-Forwards: 70',
    'Content-Length: 0',
  ];
  socket.send(`${lines.join('\r\n')}\r\n\r\n`, sip.port, sip.address);
  const [answer] = (await once(socket, 'message')) as [Buffer];
  socket.close();
  return Number(/^SIP\/2\.0 (\d+)/.exec(answer.toString())?.[1]);
}

describe('OPTIONS', () => {
  it('is answered as a call would be: the switch hears in time that we take none', async () => {
    await using house = await House.open();
    expect(await askedFor(house)).toBe(200);
    house.b2bua.stopAccepting();
    expect(await askedFor(house)).toBe(503);
  });
});
