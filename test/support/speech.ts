import { frameSamples, fromDbfs, sampleRate, windowedAmplitudeAt } from './spectrum.ts';
import { nod, type Voice } from './voice.ts';
import { readWav } from './wav.ts';

/**
 * A marker for every party that speaks in sentences: a soft tone above the band of its voice (which ends at 2.6 kHz), in Hz. They are
 * four bins of a Hann-windowed frame apart, where its spectrum is zero.
 */
export const markers = { customer: 3100, agent: 3300, supervisor: 3500 } as const;
export type SpeakerName = keyof typeof markers;

/** Level of a marker; 12 dB and more below the voice, and beyond what a telephone makes much of. */
const levelDbfs = -30;
/** How far it nods, up or down, from frame to frame. */
const swingDb = 1;
/** What is weaker is no marker: half a frame of one is stronger, but for 3 in 1000. */
const threshold = 10 ** (-39 / 20);
/**
 * A marker stands alone: 100 Hz beside it, where the window's spectrum is zero, there is nothing. Speech that sets in loudly inside a frame
 * can be as strong at the marker (once in 300 such frames), but is as strong beside it.
 */
const beside = 100;
const leastProminence = 0.7;

/** Sound that repeats for ever, with the marker that tells whose it is. */
export function speech(name: SpeakerName, sound: Int16Array): Voice {
  const frequency = markers[name];
  const step = (2 * Math.PI * frequency) / sampleRate;
  const levelIn = (frame: Int16Array): number => windowedAmplitudeAt(frame, frequency);
  return {
    name,
    nod,
    samples: (position, count) =>
      Int16Array.from({ length: count }, (_, n) => {
        const at = position + n;
        const marker = fromDbfs(levelDbfs + swingDb * nod(Math.floor(at / frameSamples))) * Math.sin(step * at);
        return Math.max(-32_768, Math.min(32_767, Math.round((sound[at % sound.length] ?? 0) + marker)));
      }),
    levelIn,
    heardIn: (frame) => {
      const level = levelIn(frame);
      if (level <= threshold) return false;
      const [below, above] = [frequency - beside, frequency + beside].map((each) => windowedAmplitudeAt(frame, each));
      return level ** 2 > leastProminence * ((below ?? 0) ** 2 + (above ?? 0) ** 2);
    },
  };
}

/** The sentences that ship with the demo, 8 s each. */
export async function spokenBy(name: SpeakerName): Promise<Voice> {
  return speech(name, await readWav(new URL(`../demo/sound/${name}.wav`, import.meta.url)));
}
