import { stat } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Codec, decode, encode } from '../../support/g711.ts';
import { frameSamples, powerOf, toDbfs } from '../../support/spectrum.ts';
import { markers, type SpeakerName, spokenBy } from '../../support/speech.ts';
import { decodeWav, encodeWav } from '../../support/wav.ts';

const names = Object.keys(markers) as SpeakerName[];
const voices = await Promise.all(names.map(spokenBy));
const codec = fc.constantFrom<Codec>('PCMU', 'PCMA');
/** Of each speaker: where in its sentences, from which sample of the frame on, up to which. */
const part = fc.record({
  position: fc.nat(1_000_000),
  from: fc.constantFrom(0, 0, 40, 80, 120),
  present: fc.boolean(),
});
const parts = fc.tuple(part, part, part);
type Part = { readonly position: number; readonly from: number; readonly present: boolean };

function received(chosen: Codec, some: readonly Part[]): Int16Array {
  const mixed = new Int16Array(frameSamples);
  for (const [speaker, { position, from, present }] of some.entries()) {
    const samples = present ? (voices[speaker]?.samples(position, frameSamples) ?? []) : [];
    for (const [n, sample] of samples.entries()) {
      if (n >= from) mixed[n] = Math.max(-32_768, Math.min(32_767, (mixed[n] ?? 0) + sample));
    }
  }
  return decode(chosen, encode(chosen, mixed));
}

describe('the marker of a speaker', () => {
  it('is in every whole frame of its speech, whoever speaks at the same time', () => {
    fc.assert(
      fc.property(codec, parts, fc.nat(2), (chosen, some, speaker) => {
        const whole = some.map((each, n) =>
          n === speaker ? { ...each, from: 0, present: true } : { ...each, from: 0 },
        );
        expect(voices[speaker]?.heardIn(received(chosen, whole))).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  // Two that set in inside the same frame can sound like a third: 1 in 100,000 such frames does.
  it('is never in the speech of others, also where one of them sets in inside the frame', () => {
    fc.assert(
      fc.property(codec, parts, fc.nat(2), fc.nat(2), (chosen, some, speaker, late) => {
        const others = some.map((each, n) => ({
          ...each,
          from: n === late ? each.from : 0,
          present: n !== speaker && each.present,
        }));
        expect(voices[speaker]?.heardIn(received(chosen, others))).toBe(false);
      }),
      { numRuns: 3000 },
    );
  });

  it('is found when half a frame of it arrives', () => {
    fc.assert(
      fc.property(codec, fc.nat(1_000_000), fc.nat(2), (chosen, position, speaker) => {
        const alone = names.map((_, n) => ({ position, from: 80, present: n === speaker }));
        const found = voices.filter((voice) => voice.heardIn(received(chosen, alone))).map(({ name }) => name);
        expect([[], [names[speaker]]]).toContainEqual(found);
      }),
    );
    const frames = Array.from({ length: 1000 }, (_, n) =>
      received('PCMU', [{ position: n * 97, from: 80, present: true }]),
    );
    expect(frames.filter((frame) => voices[0]?.heardIn(frame)).length).toBeGreaterThan(950);
  });
});

describe('the sounds of the demo', () => {
  it.each(names)('%s speaks up, for 6 to 10 s, and is small', async (name) => {
    const { size } = await stat(new URL(`../../demo/sound/${name}.wav`, import.meta.url));
    expect(size).toBeLessThan(150_000);
    expect(size / 16_000).toBeGreaterThan(6);
    const voice = voices[names.indexOf(name)];
    const loudest = Array.from({ length: 300 }, (_, n) =>
      toDbfs(powerOf(voice?.samples(n * 160, 160) ?? new Int16Array()) ** 0.5),
    );
    expect(Math.max(...loudest)).toBeGreaterThan(-18);
  });

  it('survive being written and read', () => {
    fc.assert(
      fc.property(fc.int16Array({ maxLength: 500 }), (samples) => {
        expect(decodeWav(encodeWav(samples))).toEqual(samples);
      }),
    );
    expect(() => decodeWav(Buffer.from('what is this'))).toThrow(RangeError);
  });
});
