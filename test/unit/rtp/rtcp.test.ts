import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Reception } from '../../../src/embedded/rtp/reception.ts';
import { middleNtp, ntpOf, parseCompound, writeCompound } from '../../../src/embedded/rtp/rtcp.ts';

const block = {
  ssrc: 7,
  fractionLost: 12,
  packetsLost: -3,
  highestSequence: 70_000,
  jitter: 9,
  lastReport: 0xabcd1234,
  delay: 65536,
};

describe('RTCP', () => {
  test('a sender report with a block, the CNAME and BYE: every part where RFC 3550 puts it', () => {
    const sender = { wallMs: 1500, timestamp: 160, packets: 3, octets: 480 };
    const packet = writeCompound({ ssrc: 0x01020304, cname: 'leg', sender, block, bye: true });
    expect(packet.toString('hex', 0, 28)).toBe(
      '81c8000c' + '01020304' + '83aa7e81' + '80000000' + '000000a0' + '00000003' + '000001e0',
    );
    expect(packet.toString('hex', 28, 52)).toBe(
      '00000007' + '0cfffffd' + '00011170' + '00000009' + 'abcd1234' + '00010000',
    );
    expect(packet.toString('hex', 52, 68)).toBe('81ca0003' + '01020304' + '01036c65' + '67000000');
    expect(packet.toString('hex', 68)).toBe('81cb0001' + '01020304');
  });

  test('who sent nothing writes a receiver report', () => {
    const packet = writeCompound({ ssrc: 1, cname: 'a', block });
    expect(packet.readUInt8(1)).toBe(201);
    expect(parseCompound(packet, 7)).toMatchObject({ bye: false, block: { packetsLost: -3, delay: 65536 } });
    expect(parseCompound(packet, 8)?.block).toBeUndefined();
  });

  test('what is written is read', () => {
    const sender = { wallMs: 1_700_000_000_123, timestamp: 1, packets: 2, octets: 3 };
    const heard = parseCompound(writeCompound({ ssrc: 1, cname: 'a', sender, block, bye: true }), 7);
    expect(heard).toMatchObject({
      bye: true,
      senderReport: middleNtp(sender.wallMs),
      block: { lastReport: 0xabcd1234 },
    });
  });

  test('random and truncated octets never throw', () => {
    const whole = writeCompound({ ssrc: 1, cname: 'someone', block, bye: true });
    for (let length = 1; length < whole.length; length++) {
      const heard = parseCompound(whole.subarray(0, length), 7);
      if (heard) expect(heard.bye).toBe(false);
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (octets) => {
        const first = octets[1];
        if (first !== 200 && first !== 201 && octets.length > 0)
          expect(parseCompound(Buffer.from(octets), 1)).toBeUndefined();
        else parseCompound(Buffer.from(octets), 1);
      }),
    );
  });

  test('NTP time', () => {
    expect(ntpOf(0)).toEqual({ seconds: 2_208_988_800, fraction: 0 });
    expect(ntpOf(250).fraction).toBe(2 ** 30);
  });
});

describe('what a receiver counts', () => {
  const packet = (n: number) => ({ ssrc: 5, sequence: (65_500 + n) & 0xffff, timestamp: n * 160 });

  test('loss, across a wrap of the sequence numbers, in any order', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray(
          Array.from({ length: 98 }, (_, n) => n + 1),
          { minLength: 1 },
        ),
        (middle) => {
          const reception = new Reception();
          const order = [0, ...middle, 99];
          for (const n of order) reception.count(packet(n), n * 20);
          expect(reception.packetsLost).toBe(100 - order.length);
          expect(reception.packetsReceived).toBe(order.length);
          expect(reception.report()).toMatchObject({
            highestSequence: 65_599,
            fractionLost: Math.floor(((100 - order.length) * 256) / 100),
          });
        },
      ),
    );
  });

  test('jitter of a steady stream is nothing; of one that swings by 8 ms it comes to that', () => {
    const steady = new Reception();
    const swinging = new Reception();
    for (let n = 0; n < 500; n++) {
      steady.count(packet(n), n * 20 + 3);
      swinging.count(packet(n), n * 20 + (n % 2) * 8);
    }
    expect(steady.jitterMs).toBe(0);
    expect(swinging.jitterMs).toBeCloseTo(8, 3);
  });

  test('another SSRC begins anew and keeps the totals', () => {
    const reception = new Reception();
    for (const n of [0, 1, 3]) reception.count(packet(n), n * 20);
    for (const n of [7, 9]) reception.count({ ...packet(n), ssrc: 6 }, n * 20);
    expect(reception.packetsReceived).toBe(5);
    expect(reception.packetsLost).toBe(2);
    expect(reception.report()).toMatchObject({ ssrc: 6, packetsLost: 1 });
    expect(reception.report()).toMatchObject({ fractionLost: 0 });
  });
});
