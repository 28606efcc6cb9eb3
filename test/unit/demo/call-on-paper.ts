import type { Moments, Recording } from '../../demo/recording.ts';
import { cast, type Role } from '../../demo/cast.ts';
import type { Frame } from '../../support/frames.ts';
import { Oracle } from '../../support/oracle.ts';
import type { Listener, SentPacket, Speaker } from '../../support/party.ts';
import { tone } from '../../support/tone.ts';

/** performance.now() at the customer's INVITE, ms. */
export const begun = 1000;

/** A coached call of six seconds, as it should be. */
export const asItShouldBe: Moments = {
  begun,
  established: begun + 100,
  coachAsked: begun + 1980,
  coachAccepted: begun + 2000,
  supervisorIn: begun + 2060,
  cancelAsked: begun + 4000,
  released: begun + 4200,
  ended: begun + 6000,
};

/** Who is audible to whom, `at` ms after the call began. */
export type Ears = (listener: Role, speaker: Role, at: number) => boolean;

export const ears: Ears = (listener, speaker, at) => {
  if (listener === speaker) return false;
  if (listener === 'customer' && speaker === 'supervisor') return false;
  const supervised = listener === 'supervisor' || speaker === 'supervisor';
  return supervised ? at >= 2060 && at < 4000 : at >= 100;
};

interface Change {
  readonly hears?: Ears;
  readonly moments?: Moments;
  readonly failure?: string;
}

/** A call that never was: every voice is said from the beginning to the end, and arrives at once where it is heard. */
export function callOnPaper({ hears = ears, moments = asItShouldBe, failure }: Change = {}): Recording {
  const frames = Array.from({ length: 300 }, (_, n) => n);
  const speakers = cast.map((name): Speaker => {
    const sent = frames.map((n): SentPacket => ({ at: begun + n * 20, position: n * 160, samples: 160 }));
    return { name, voice: tone(name), sent };
  });
  const listeners = cast.map((name): Listener => {
    const received = frames.map((n): Frame => {
      const audible = speakers.filter((_, role) => hears(name, cast[role] ?? name, n * 20));
      const samples = new Int16Array(160);
      for (const { voice } of audible) {
        for (const [at, sample] of voice.samples(n * 160, 160).entries()) samples[at] = (samples[at] ?? 0) + sample;
      }
      return { at: begun + n * 20, stream: 'paper', samples };
    });
    return { name, frames: () => received };
  });
  return { moments, oracle: new Oracle(listeners, speakers), ...(failure === undefined ? {} : { failure }) };
}
