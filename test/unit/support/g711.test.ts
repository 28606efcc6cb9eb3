import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Codec, decode, encode } from '../../support/g711.ts';

describe('G.711 of the tests', () => {
  it('knows the ends and the middle of the tables of ITU-T G.711', () => {
    expect([...decode('PCMU', Uint8Array.of(0x00, 0x80, 0xff, 0x7f, 0xe7))]).toEqual([-32_124, 32_124, 0, 0, 260]);
    expect([...decode('PCMA', Uint8Array.of(0x2a, 0xaa, 0xd5, 0x55))]).toEqual([-32_256, 32_256, 8, -8]);
  });

  it.each<Codec>(['PCMU', 'PCMA'])('%s chooses the nearest value, 38 dB below the sound', (codec) => {
    fc.assert(
      fc.property(fc.integer({ min: -32_124, max: 32_124 }), (sample) => {
        const [back = 0] = decode(codec, encode(codec, Int16Array.of(sample)));
        expect(Math.abs(back - sample)).toBeLessThanOrEqual(Math.max(8, Math.abs(sample) / 31));
        expect(decode(codec, encode(codec, Int16Array.of(back)))).toEqual(Int16Array.of(back));
      }),
    );
  });
});
