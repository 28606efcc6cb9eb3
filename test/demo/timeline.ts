import { epochOf } from '../support/delay.ts';
import type { Speaker } from '../support/party.ts';
import { cast, othersOf, type Role } from './cast.ts';
import type { Recording } from './recording.ts';

/** The recording as it is drawn. All times in ms since the customer's call began. */
export interface Timeline {
  readonly length: number;
  readonly phases: readonly { readonly name: 'direct' | 'coached'; readonly from: number; readonly to: number }[];
  readonly events: readonly { readonly name: string; readonly at: number }[];
  readonly lanes: readonly { readonly listener: Role; readonly tracks: readonly Track[] }[];
}

/** One speaker, as one listener heard it. */
export interface Track {
  readonly speaker: Role;
  readonly stretches: readonly Stretch[];
}

export interface Stretch {
  readonly from: number;
  readonly to: number;
  /** How loud the speaker was, 0 to 1, every `slot` ms from beginning to end. */
  readonly loudness: readonly number[];
}

/** ms */
export const slot = 40;

export function timelineOf({ oracle, moments }: Recording): Timeline {
  const end = moments.ended ?? performance.now();
  const since = (at: number) => Math.max(0, Math.min(end, at) - moments.begun);
  const { established, coachAccepted, released = end } = moments;
  const phase = (name: 'direct' | 'coached', from: number | undefined, to: number) =>
    from === undefined || to <= from ? [] : [{ name, from: since(from), to: since(to) }];
  const event = (name: string, at: number | undefined) => (at === undefined ? [] : [{ name, at: since(at) }]);
  const speakers = new Map(oracle.speakers.map((speaker) => [speaker.name, speaker]));
  return {
    length: since(end),
    phases: [
      ...phase('direct', established, coachAccepted ?? end),
      ...phase('coached', coachAccepted, released),
      ...phase('direct', moments.released, end),
    ],
    events: [
      ...event('call', established),
      ...event('Coach', coachAccepted),
      ...event('Cancel', moments.cancelAsked),
      ...event('hang-up', moments.ended),
    ],
    lanes: cast.map((listener) => ({
      listener,
      tracks: othersOf(listener).map((speaker) => ({
        speaker,
        stretches: oracle.heard(listener, speaker).intervals.map(({ from, to }) => ({
          from: since(from),
          to: since(to),
          loudness: loudnessOf(speakers.get(speaker), from, to),
        })),
      })),
    })),
  };
}

/**
 * How loud the speaker was meanwhile, from what it said: what arrives is a mixture. The way takes some 20 ms, less than a line of
 * the picture is wide.
 */
function loudnessOf(speaker: Speaker | undefined, from: number, to: number): number[] {
  if (speaker === undefined) return [];
  const epoch = epochOf(speaker);
  return Array.from({ length: Math.ceil((to - from) / slot) + 1 }, (_, n) => {
    const position = Math.max(0, Math.round((from + n * slot - epoch) * 8));
    return loudness(speaker.voice.samples(position, slot * 8));
  });
}

/** From -33 dBFS (the marker alone: nobody speaks) to -9 dBFS (loud speech). */
function loudness(samples: Int16Array): number {
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
  const dbfs = 10 * Math.log10(power / 32_768 ** 2);
  return Math.max(0, Math.min(1, (dbfs + 33) / 24));
}
