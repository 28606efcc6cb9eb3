import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { recordedSound, type Sound, SoundReader, silenceOf } from '../../../src/embedded/rtp/sound.ts';
import { toneOf } from '../../../src/embedded/rtp/tone.ts';
import { readWav, wavHeader } from '../../../src/embedded/rtp/wav.ts';

function all(sound: Sound): Int16Array {
  const samples = new Int16Array(Math.ceil(sound.samples / 160) * 160);
  for (let at = 0; at < samples.length; at += 160) sound.read(at, samples.subarray(at, at + 160));
  return samples;
}

/** Amplitude of one frequency (Goertzel). */
function amplitude(samples: Int16Array, frequency: number): number {
  let re = 0;
  let im = 0;
  samples.forEach((sample, i) => {
    re += sample * Math.cos((2 * Math.PI * frequency * i) / 8000);
    im += sample * Math.sin((2 * Math.PI * frequency * i) / 8000);
  });
  return (2 * Math.hypot(re, im)) / samples.length;
}

describe('tones', () => {
  test('%(200,100,500);loops=3 is 500 Hz of 200 ms and a pause of 100, three times', () => {
    const sound = toneOf('%(200,100,500);loops=3');
    expect(sound.samples).toBe(3 * 2400);
    const samples = all(sound);
    for (let loop = 0; loop < 3; loop++) {
      const on = samples.subarray(loop * 2400, loop * 2400 + 1600);
      expect(amplitude(on, 500)).toBeGreaterThan(5000);
      expect(amplitude(on, 800)).toBeLessThan(50);
      expect(samples.subarray(loop * 2400 + 1600, (loop + 1) * 2400).every((sample) => sample === 0)).toBe(true);
    }
  });

  test('two frequencies sound together, v sets their level', () => {
    const loud = all(toneOf('v=-10;%(100,0,350,450)'));
    const soft = all(toneOf('v=-16;%(100,0,350,450)'));
    expect(amplitude(loud, 350) / amplitude(loud, 450)).toBeCloseTo(1, 1);
    expect(amplitude(loud, 350) / amplitude(soft, 350)).toBeCloseTo(10 ** (6 / 20), 1);
  });

  test('digits are DTMF', () => {
    const samples = all(toneOf('d=100;w=50;5')).subarray(0, 800);
    expect(amplitude(samples, 770)).toBeGreaterThan(3000);
    expect(amplitude(samples, 1336)).toBeGreaterThan(3000);
  });

  test('l repeats a tone, loops=-1 has no end', () => {
    expect(toneOf('l=2;%(100,50,400)').samples).toBe(2400);
    expect(toneOf('%(1000,0,440);loops=-1').samples).toBe(Infinity);
    expect(toneOf('L=2;%(1000,0,440)').samples).toBe(16000);
  });

  test('a loop sounds the same each time, wherever it is read', () => {
    const sound = toneOf('%(70,30,440,480);loops=-1');
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100_000 }), fc.integer({ min: 1, max: 1000 }), (at, loops) => {
        const early = new Int16Array(160);
        const late = new Int16Array(160);
        sound.read(at, early);
        sound.read(at + loops * 800, late);
        expect(late).toEqual(early);
      }),
    );
  });

  test.each(['%(200,0', 'hello', '%(a,b,c)', '%(-5,0,400)', '%()'])('"%s" is refused', (spec) => {
    expect(() => toneOf(spec)).toThrow('not a tone');
  });
});

describe('a place in a sound', () => {
  test('reads it to its end, which it tells once', () => {
    let ends = 0;
    const reader = new SoundReader(
      recordedSound(
        Int16Array.from({ length: 200 }, () => 7),
        1,
      ),
      0,
      () => ends++,
    );
    expect(reader.read()?.every((sample) => sample === 7)).toBe(true);
    expect(ends).toBe(0);
    expect(reader.read()?.lastIndexOf(7)).toBe(39);
    expect(ends).toBe(1);
    expect(reader.read()).toBeUndefined();
    expect(ends).toBe(1);
  });

  test('a sound of nothing ends at once', () => {
    let ends = 0;
    expect(new SoundReader(silenceOf(0), 0, () => ends++).read()).toBeUndefined();
    expect(ends).toBe(1);
  });
});

describe('WAV', () => {
  const body = (samples: readonly number[]): Buffer => {
    const bytes = Buffer.alloc(samples.length * 2);
    samples.forEach((sample, i) => bytes.writeInt16LE(sample, i * 2));
    return bytes;
  };

  test('what is written is read', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -32768, max: 32767 }), { maxLength: 500 }), (samples) => {
        const file = Buffer.concat([wavHeader(1, samples.length), body(samples)]);
        expect([...readWav(file)]).toEqual(samples);
      }),
    );
  });

  test('stereo is read as the mean', () => {
    expect([...readWav(Buffer.concat([wavHeader(2, 2), body([100, 300, -5, -7])]))]).toEqual([200, -6]);
  });

  test.each([16000, 48000, 44100, 4000])('a tone at %i Hz keeps its pitch and its length', (rate) => {
    const samples = Array.from({ length: rate }, (_, i) => 8000 * Math.sin((2 * Math.PI * 400 * i) / rate));
    const header = wavHeader(1, rate);
    header.writeUInt32LE(rate, 24);
    const read = readWav(Buffer.concat([header, body(samples.map(Math.round))]));
    expect(Math.abs(read.length - 8000)).toBeLessThanOrEqual(1);
    expect(amplitude(read, 400)).toBeGreaterThan(6500);
  });

  test('unknown chunks are passed over; G.711 is understood', () => {
    const header = wavHeader(1, 0);
    header.writeUInt16LE(7, 20);
    header.writeUInt16LE(8, 34);
    header.writeUInt32LE(3, 40);
    const list = Buffer.from('LIST\x03\x00\x00\x00abc\x00', 'latin1');
    const file = Buffer.concat([header.subarray(0, 36), list, header.subarray(36), Buffer.from([0xff, 0x80, 0x00])]);
    expect([...readWav(file)]).toEqual([0, 32124, -32124]);
  });

  test.each([
    ['text', Buffer.from('hello, this is no RIFF file at all, but text')],
    ['a header alone', wavHeader(1, 0).subarray(0, 36)],
    ['nothing', Buffer.alloc(0)],
  ])('%s is refused', (_, file) => {
    expect(() => readWav(file)).toThrow('WAVE');
  });
});
