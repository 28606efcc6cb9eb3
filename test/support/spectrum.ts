/** Samples per second of every sound in the tests. */
export const sampleRate = 8000;
/** Samples of one 20 ms frame. */
export const frameSamples = 160;
/** Amplitude of a full-scale sine, 0 dBFS here. */
const fullScale = 32_768;

/** Amplitude (full scale = 1) to dBFS; silence is -Infinity. */
export const toDbfs = (amplitude: number): number => 20 * Math.log10(amplitude);
/** dBFS to amplitude in samples. */
export const fromDbfs = (dbfs: number): number => fullScale * 10 ** (dbfs / 20);

const hann = Float64Array.from(
  { length: frameSamples },
  (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (n + 0.5)) / frameSamples),
);

/** Goertzel's recurrence: squared magnitude of the DFT of `samples` at `frequency` Hz. */
function goertzel(samples: ArrayLike<number>, frequency: number): number {
  const coefficient = 2 * Math.cos((2 * Math.PI * frequency) / sampleRate);
  let last = 0;
  let before = 0;
  for (let n = 0; n < samples.length; n++) {
    const next = (samples[n] ?? 0) + coefficient * last - before;
    before = last;
    last = next;
  }
  return last * last + before * before - coefficient * last * before;
}

/**
 * Amplitude (full scale = 1) of the sine at `frequency` in one frame. A sine that fills half of the frame counts half.
 * Other sines on multiples of 50 Hz contribute nothing: 160 samples hold whole periods of them.
 */
export function amplitudeAt(frame: Int16Array, frequency: number): number {
  return (2 * Math.sqrt(Math.max(0, goertzel(frame, frequency)))) / frameSamples / fullScale;
}

/** As amplitudeAt through a Hann window: blind to everything 150 Hz and more away, also to speech that starts and stops. */
export function windowedAmplitudeAt(frame: Int16Array, frequency: number): number {
  const windowed = Float64Array.from(hann, (weight, n) => weight * (frame[n] ?? 0));
  return (4 * Math.sqrt(Math.max(0, goertzel(windowed, frequency)))) / frameSamples / fullScale;
}

/** Power of a frame, in the unit of a squared amplitude: a full-scale sine has 1. */
export function powerOf(frame: Int16Array): number {
  let sum = 0;
  for (const sample of frame) sum += sample * sample;
  return (2 * sum) / frameSamples / fullScale ** 2;
}
