import { describe, expect, it } from 'vitest';
import { type Codec, decode, encode } from '../../support/g711.ts';
import { tone } from '../../support/tone.ts';

/** Half a quantization step at a level (ITU-T G.711): segments double from 132 on, after a bias of 132; or from 256 on. */
const halfStep: Record<Codec, (level: number) => number> = {
  PCMU: (level) => (level + 132) / 33,
  PCMA: (level) => Math.max(8, level / 32),
  G722: (level) => (level + 132) / 33,
};

const loudest = 32_124;

describe('G.711 of the tests', () => {
  it('knows the ends and the middle of the tables of ITU-T G.711', () => {
    expect([...decode('PCMU', Uint8Array.of(0x00, 0x80, 0xff, 0x7f, 0xe7))]).toEqual([-32_124, 32_124, 0, 0, 260]);
    expect([...decode('PCMA', Uint8Array.of(0x2a, 0xaa, 0xd5, 0x55))]).toEqual([-32_256, 32_256, 8, -8]);
  });

  it.each<Codec>(['PCMU', 'PCMA', 'G722'])(
    '%s chooses the nearest value, 38 dB below the sound, for every sample',
    (codec) => {
      const samples = Int16Array.from({ length: 2 * loudest + 1 }, (_, n) => n - loudest);
      const back = decode(codec, encode(codec, samples));
      expect(back).toHaveLength(samples.length);
      const far = [...samples].filter(
        (sample, n) => Math.abs((back[n] ?? 0) - sample) > halfStep[codec](Math.abs(sample)),
      );
      expect(far).toEqual([]);
      expect(decode(codec, encode(codec, back))).toEqual(back);
    },
  );

  it('lets nobody hear G722 who does not speak it', () => {
    const voice = tone('agent');
    const payload = encode('G722', voice.samples(0, 160));
    expect((['G722', 'PCMU', 'PCMA'] as const).filter((codec) => voice.heardIn(decode(codec, payload)))).toEqual([
      'G722',
    ]);
  });
});
