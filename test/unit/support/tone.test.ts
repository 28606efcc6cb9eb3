import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Codec, decode, encode } from '../../support/g711.ts';
import { frameSamples, fromDbfs, sampleRate } from '../../support/spectrum.ts';
import { palette, tone, type ToneName } from '../../support/tone.ts';

const names = Object.keys(palette) as ToneName[];
const voices = new Map(names.map((name) => [name, tone(name)]));
const codec = fc.constantFrom<Codec>('PCMU', 'PCMA');
const position = fc.nat(1_000_000);

function mix(parts: readonly ArrayLike<number>[]): Int16Array {
  return Int16Array.from({ length: frameSamples }, (_, n) => parts.reduce((sum, part) => sum + (part[n] ?? 0), 0));
}
const through = (chosen: Codec, frame: Int16Array) => decode(chosen, encode(chosen, frame));
const heard = (frame: Int16Array) => names.filter((name) => voices.get(name)?.heardIn(frame));
const sorted = (some: readonly string[]) => names.filter((name) => some.includes(name));

/** Samples of the shortest piece of a tone; what is shorter is a click and has no frequency. */
const shortest = 20;

/** A party's 20 ms as they may arrive: at any phase, louder or softer, inverted, from one sample to another only. */
const part = fc.record({
  position,
  gainDb: fc.double({ min: -10, max: 3, noNaN: true }),
  inverted: fc.boolean(),
  from: fc.nat(frameSamples - shortest),
  length: fc.integer({ min: shortest, max: frameSamples }),
});
type Part = typeof part extends fc.Arbitrary<infer T> ? T : never;

function soundOf(name: ToneName, { position, gainDb, inverted, from, length }: Part): Float64Array {
  const gain = (inverted ? -1 : 1) * 10 ** (gainDb / 20);
  const samples = voices.get(name)?.samples(position, frameSamples) ?? new Int16Array();
  return Float64Array.from(samples, (sample, n) => (n >= from && n < from + length ? sample * gain : 0));
}
const whole = (some: Part): Part => ({ ...some, from: 0, length: frameSamples });

describe('the tone of a party', () => {
  it('is found, and nothing else is, in any mix of four through PCMU and PCMA', () => {
    fc.assert(
      fc.property(
        codec,
        fc.subarray(names, { maxLength: 4 }),
        fc.array(part, { minLength: 4, maxLength: 4 }),
        (chosen, some, parts) => {
          const frame = mix(some.map((name, n) => soundOf(name, whole(parts[n] as Part))));
          expect(heard(through(chosen, frame))).toEqual(sorted(some));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('is never mistaken for another when it begins or ends inside the frame', () => {
    fc.assert(
      fc.property(
        codec,
        fc.subarray(names, { maxLength: 4 }),
        fc.array(part, { minLength: 4, maxLength: 4 }),
        (chosen, some, parts) => {
          const frame = mix(some.map((name, n) => soundOf(name, parts[n] as Part)));
          expect(some).toEqual(expect.arrayContaining(heard(through(chosen, frame))));
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('is found when only half a frame of it arrives among three others', () => {
    fc.assert(
      fc.property(
        codec,
        fc.shuffledSubarray(names, { minLength: 1, maxLength: 4 }),
        position,
        fc.boolean(),
        (chosen, some, at, early) => {
          const half = { position: at, gainDb: 0, inverted: true, from: early ? 0 : 80, length: 80 };
          const frame = mix(some.map((name, n) => soundOf(name, n === 0 ? half : whole(half))));
          expect(heard(through(chosen, frame))).toEqual(sorted(some));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('is found in one frame attenuated by 25 dB below three others', () => {
    fc.assert(
      fc.property(codec, fc.shuffledSubarray(names, { minLength: 1, maxLength: 4 }), position, (chosen, some, at) => {
        const loud = { position: at, gainDb: 0, inverted: false, from: 0, length: frameSamples };
        const frame = mix(some.map((name, n) => soundOf(name, n === 0 ? { ...loud, gainDb: -25 } : loud)));
        expect(heard(through(chosen, frame))).toEqual(sorted(some));
      }),
    );
  });

  it('is not found in silence, comfort noise or the splices and fades of concealment of another tone', () => {
    const some = tone('customer');
    fc.assert(
      fc.property(
        codec,
        position,
        fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 160, maxLength: 160 }),
        (chosen, at, noise) => {
          expect(heard(through(chosen, new Int16Array(frameSamples)))).toEqual([]);
          expect(
            heard(
              through(
                chosen,
                Int16Array.from(noise, (n) => n * fromDbfs(-50)),
              ),
            ),
          ).toEqual([]);
          const before = some.samples(at, frameSamples);
          const faded = Float64Array.from(before, (sample, n) => sample * (1 - n / frameSamples));
          const spliced = Float64Array.from(
            { length: frameSamples },
            (_, n) => (n < 50 ? before[n + 110] : before[n - 50]) ?? 0,
          );
          for (const concealed of [faded, spliced])
            expect(heard(through(chosen, mix([concealed])))).toEqual(['customer']);
        },
      ),
    );
  });

  it('is periodic in a frame and free of the harmonics of the others', () => {
    for (const a of names) {
      expect((palette[a] * frameSamples) % sampleRate).toBe(0);
      for (const b of names) if (a !== b) expect([2, 3, 4, 5].map((k) => k * palette[a])).not.toContain(palette[b]);
    }
  });
});
