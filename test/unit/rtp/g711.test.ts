import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LAWS } from '../../../src/embedded/rtp/g711.ts';

function decoded(name: 'PCMU' | 'PCMA', ...octets: number[]): number[] {
  const samples = new Int16Array(octets.length);
  LAWS[name].decode(Uint8Array.from(octets), samples);
  return [...samples];
}

function encoded(name: 'PCMU' | 'PCMA', ...samples: number[]): number[] {
  const octets = new Uint8Array(samples.length);
  LAWS[name].encode(Int16Array.from(samples), octets, 0);
  return [...octets];
}

describe('G.711', () => {
  // The decoder values of ITU-T G.711, tables 1 and 2, on the scale of 16 bits.
  test.each([
    ['PCMU', 0x80, 32124],
    ['PCMU', 0x00, -32124],
    ['PCMU', 0xff, 0],
    ['PCMU', 0xfe, 8],
    ['PCMU', 0x9f, 8316],
    ['PCMA', 0xaa, 32256],
    ['PCMA', 0x2a, -32256],
    ['PCMA', 0xd5, 8],
    ['PCMA', 0x55, -8],
  ] as const)('%s: octet %i is %i', (name, octet, sample) => {
    expect(decoded(name, octet)).toEqual([sample]);
  });

  test.each(['PCMU', 'PCMA'] as const)('%s: each value decoded is encoded to itself', (name) => {
    for (let octet = 0; octet < 256; octet++) {
      const again = encoded(name, ...decoded(name, octet));
      // µ-law knows two zeros.
      expect(again).toEqual([name === 'PCMU' && octet === 0x7f ? 0xff : octet]);
    }
  });

  test.each(['PCMU', 'PCMA'] as const)('%s: a sample comes back within a step of its size', (name) => {
    fc.assert(
      fc.property(fc.integer({ min: -32768, max: 32767 }), (sample) => {
        const [again = NaN] = decoded(name, ...encoded(name, sample));
        expect(Math.abs(again - sample)).toBeLessThanOrEqual(Math.max(16, Math.abs(sample) / 16 + 8, 0));
      }),
    );
  });

  test('silence', () => {
    expect(encoded('PCMU', 0)).toEqual([LAWS.PCMU.silence]);
    expect(encoded('PCMA', 0)).toEqual([LAWS.PCMA.silence]);
  });
});
