import { amplitudeAt, frameSamples, fromDbfs, powerOf, sampleRate } from './spectrum.ts';
import { nod, type Voice } from './voice.ts';

/**
 * One tone for every party of a test, in Hz. Multiples of 50 Hz, so that a 20 ms frame holds whole periods and the tones
 * are orthogonal in it; at least 450 Hz apart, so that a tone cut off inside a frame hardly spills over to its neighbours; and
 * with few harmonics or mixing products of low order (which companding makes) on one another.
 */
export const palette = {
  customer: 450,
  agent: 950,
  supervisor: 2050,
  secondCustomer: 1400,
  secondAgent: 2650,
  secondSupervisor: 3400,
} as const;
export type ToneName = keyof typeof palette;

/** Middle level of a tone. Six of them add up to -4.4 dBFS: no mixer has a reason to clip. */
const levelDbfs = -20;
/** How far the level swings around the middle, up or down, from frame to frame. */
const swingDb = 0.5;

/** What is weaker is not a tone but what companding leaves of one; three tones leave at most about -60 dBFS in one bin. */
const floor = 10 ** (-50 / 20);
/**
 * Least power of a tone compared with all that is no tone in the frame. A sine that begins, ends or jumps in phase inside
 * the frame has power outside its own bin and spills some of it into other tones' bins: at most 1/15 in 200,000 random
 * mixes of four. A quarter of a frame that begins together with three others still has 1/12.
 */
const leastShare = 1 / 13.5;

/** What a frame holds at each tone of the palette, and the rest. All values are squared amplitudes. */
interface ToneSpectrum {
  readonly tones: ReadonlyMap<number, number>;
  readonly residual: number;
}

const spectra = new WeakMap<Int16Array, ToneSpectrum>();

/** One analysis serves the questions about every tone. */
function spectrumOf(frame: Int16Array): ToneSpectrum {
  const known = spectra.get(frame);
  if (known !== undefined) return known;
  const tones = new Map(Object.values(palette).map((frequency) => [frequency, amplitudeAt(frame, frequency) ** 2]));
  const explained = [...tones.values()].reduce((sum, power) => sum + power, 0);
  const spectrum = { tones, residual: Math.max(0, powerOf(frame) - explained) };
  spectra.set(frame, spectrum);
  return spectrum;
}

/** 20 ms of a sine that begin and end at its zero: set end to end they are the sine again. */
function oneFrame(frequency: number, dbfs: number): Int16Array {
  const step = (2 * Math.PI * frequency) / sampleRate;
  return Int16Array.from({ length: frameSamples }, (_, n) => Math.round(fromDbfs(dbfs) * Math.sin(step * n)));
}

/**
 * The endless tone of a party. Its level nods by ±0.5 dB from frame to frame in a fixed pattern, so that what arrives tells
 * when it was said. Heard is a frame also when it holds only half of one, when it is turned round in phase or attenuated.
 */
export function tone(name: ToneName, options: { readonly levelDbfs?: number } = {}): Voice {
  const frequency = palette[name];
  const middle = options.levelDbfs ?? levelDbfs;
  const louder = oneFrame(frequency, middle + swingDb);
  const softer = oneFrame(frequency, middle - swingDb);
  return {
    name,
    nod,
    samples: (position, count) => {
      const samples = new Int16Array(count);
      for (let n = 0; n < count; n++) {
        const at = position + n;
        const frame = nod(Math.floor(at / frameSamples)) > 0 ? louder : softer;
        samples[n] = frame[at % frameSamples] ?? 0;
      }
      return samples;
    },
    levelIn: (frame) => Math.sqrt(spectrumOf(frame).tones.get(frequency) ?? 0),
    heardIn: (frame) => {
      const { tones, residual } = spectrumOf(frame);
      const power = tones.get(frequency) ?? 0;
      return power > floor ** 2 && power > leastShare * residual;
    },
  };
}
