import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseRtp, RTP_HEADER_BYTES, writeRtpHeader } from '../../../src/embedded/rtp/packet.ts';
import { sequenceDistance, timestampDistance } from '../../../src/embedded/rtp/sequence.ts';

const header = fc.record({
  marker: fc.boolean(),
  payloadType: fc.integer({ min: 0, max: 127 }),
  sequence: fc.integer({ min: 0, max: 0xffff }),
  timestamp: fc.integer({ min: 0, max: 0xffffffff }),
  ssrc: fc.integer({ min: 0, max: 0xffffffff }),
});

describe('an RTP packet', () => {
  test('is read as it was written', () => {
    fc.assert(
      fc.property(header, fc.uint8Array({ maxLength: 480 }), (fields, payload) => {
        const datagram = Buffer.alloc(RTP_HEADER_BYTES + payload.length);
        writeRtpHeader(datagram, fields);
        datagram.set(payload, RTP_HEADER_BYTES);
        const parsed = parseRtp(datagram);
        expect(parsed).toMatchObject(fields);
        expect(Buffer.from(parsed?.payload ?? [])).toEqual(Buffer.from(payload));
      }),
    );
  });

  test('may carry CSRCs, an extension and padding, which are no payload', () => {
    const datagram = Buffer.concat([
      Buffer.from([0x80 | 0x20 | 0x10 | 2, 8, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3]),
      Buffer.alloc(8, 0xcc),
      Buffer.from([0xbe, 0xde, 0, 1, 0xee, 0xee, 0xee, 0xee]),
      Buffer.from([1, 2, 3]),
      Buffer.from([0, 0, 3]),
    ]);
    expect([...(parseRtp(datagram)?.payload ?? [])]).toEqual([1, 2, 3]);
  });

  test.each([
    ['an empty datagram', []],
    ['version 1', [0x40, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 9]],
    ['CSRCs beyond the end', [0x8f, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3]],
    ['an extension beyond the end', [0x90, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 9]],
    ['more padding than packet', [0xa0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 200]],
    ['padding of nothing', [0xa0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0]],
  ])('%s is none', (_, octets) => {
    expect(parseRtp(Buffer.from(octets))).toBeUndefined();
  });

  test('random octets never throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (octets) => {
        const parsed = parseRtp(Buffer.from(octets));
        expect(parsed?.payload.length ?? 0).toBeLessThanOrEqual(octets.length);
      }),
    );
  });
});

describe('counters', () => {
  test('wrap', () => {
    expect(sequenceDistance(65535, 2)).toBe(3);
    expect(sequenceDistance(2, 65535)).toBe(-3);
    expect(timestampDistance(0xffffff60, 0)).toBe(160);
    expect(timestampDistance(0, 0xffffff60)).toBe(-160);
  });
});
