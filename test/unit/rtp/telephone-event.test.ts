import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DigitSender } from '../../../src/embedded/rtp/digit-sender.ts';
import type { Digit } from '../../../src/embedded/rtp/media.ts';
import {
  DigitReceiver,
  parseTelephoneEvent,
  type TelephoneEvent,
  writeTelephoneEvent,
} from '../../../src/embedded/rtp/telephone-event.ts';

interface Sent {
  timestamp: number;
  event: TelephoneEvent;
}

/** Everything the sender sends, and the frames it takes. */
function sent(digits: string, ms: number, firstTimestamp = 0): { packets: Sent[]; frames: number; done: boolean } {
  const sender = new DigitSender();
  const outcome = { packets: [] as Sent[], frames: 0, done: false };
  sender.send(digits, ms, () => (outcome.done = true));
  for (; sender.active; outcome.frames++) {
    const next = sender.next();
    if (next === undefined || next === 'pause') continue;
    const timestamp = (firstTimestamp + (outcome.frames - next.framesAgo) * 160) >>> 0;
    for (let copy = 0; copy < next.copies; copy++) outcome.packets.push({ timestamp, event: next.event });
  }
  return outcome;
}

function received(packets: readonly Sent[]): Digit[] {
  const digits: Digit[] = [];
  const receiver = new DigitReceiver((digit) => digits.push(digit));
  let now = 0;
  for (const { timestamp, event } of packets) receiver.receive(timestamp, event, (now += 20));
  receiver.poll(now + 100);
  return digits;
}

const someDigits = fc.string({
  unit: fc.constantFrom(...Array.from('0123456789*#ABCD')),
  minLength: 1,
  maxLength: 6,
});

describe('digits', () => {
  test('sent as FreeSWITCH sends them: the recorded 5 of 120 ms', () => {
    const octets = sent('5', 120).packets.map(({ event }) => {
      const payload = Buffer.alloc(4);
      writeTelephoneEvent(payload, 0, event);
      return payload.toString('hex');
    });
    expect(octets).toEqual([
      '050a00a0',
      '050a0140',
      '050a01e0',
      '050a0280',
      '050a0320',
      '058a03c0',
      '058a03c0',
      '058a03c0',
    ]);
  });

  test('are heard once each, in order, with their length, also across a wrap of the timestamp', () => {
    fc.assert(
      fc.property(
        someDigits,
        fc.integer({ min: 2, max: 20 }),
        fc.integer({ min: 0, max: 0xffffffff }),
        (digits, frames, first) => {
          const { packets, done } = sent(digits, frames * 20, first);
          expect(done).toBe(true);
          expect(received(packets)).toEqual(Array.from(digits, (digit) => ({ digit, duration: frames * 160 })));
        },
      ),
    );
  });

  test('are heard once each when packets are lost and doubled, as long as one of each comes through', () => {
    fc.assert(
      fc.property(someDigits, fc.infiniteStream(fc.integer({ min: 0, max: 2 })), (digits, fate) => {
        const { packets } = sent(digits, 100);
        const first = new Set<number>();
        const through = packets.flatMap((packet) => {
          const copies = Number(fate.next().value);
          const isFirst = !first.has(packet.timestamp);
          first.add(packet.timestamp);
          return Array.from({ length: isFirst ? Math.max(1, copies) : copies }, () => packet);
        });
        expect(received(through).map(({ digit }) => digit)).toEqual(Array.from(digits));
      }),
    );
  });

  test('all end packets lost: heard after 100 ms of nothing', () => {
    const digits: Digit[] = [];
    const receiver = new DigitReceiver((digit) => digits.push(digit));
    receiver.receive(1000, { event: 11, end: false, volume: 10, duration: 480 }, 0);
    receiver.poll(99);
    expect(digits).toEqual([]);
    receiver.poll(100);
    expect(digits).toEqual([{ digit: '#', duration: 480 }]);
  });

  test('what is no digit is refused, a short payload is none', () => {
    expect(() => sent('5x', 100)).toThrow('not a digit: x');
    expect(parseTelephoneEvent(Uint8Array.of(5, 10, 0))).toBeUndefined();
  });

  test('between two there is a pause of 60 ms', () => {
    expect(sent('12', 100).frames).toBe(2 * (5 + 3));
  });
});
