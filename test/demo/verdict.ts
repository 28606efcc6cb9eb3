import type { Oracle, Span } from '../support/oracle.ts';
import { cast, othersOf, type Role } from './cast.ts';
import type { Moments, Recording } from './recording.ts';

/** What the recording shows, in numbers. `null` stands for what could not be measured because the call never got there. */
export interface Verdict {
  /** The HTTP answer to Coach → first 20 ms frame with the supervisor at the agent. */
  readonly joinMs: number | null;
  /** 20 ms frames of the other party that were lost when the call's media moved to the mixer and back, together. */
  readonly gapFrames: { readonly customer: number | null; readonly agent: number | null };
  /** Listener, then speaker. */
  readonly heard: Readonly<Record<Role, Readonly<Partial<Record<Role, boolean>>>>>;
  /** Frames in which the customer heard the supervisor, be it in a part of one. */
  readonly leakedFrames: number;
}

/** Time around a change of the media in which a lost frame counts for it, ms. */
const margin = { before: 500, after: 1000 };

export function judge({ oracle, moments }: Recording): Verdict {
  const leakedFrames = oracle.leaks('customer', 'supervisor').length;
  return {
    joinMs: joinTime(oracle, moments),
    gapFrames: {
      customer: gap(oracle, 'customer', 'agent', moments),
      agent: gap(oracle, 'agent', 'customer', moments),
    },
    heard: Object.fromEntries(
      cast.map((listener) => [
        listener,
        Object.fromEntries(
          othersOf(listener).map((speaker) => [speaker, heard(oracle, listener, speaker, moments, leakedFrames)]),
        ),
      ]),
    ) as Verdict['heard'],
    leakedFrames,
  };
}

/** Every promise that was broken, in a sentence each; none is how it should be. */
export function brokenPromises(recording: Recording, verdict: Verdict): string[] {
  const { heard, leakedFrames } = verdict;
  const { oracle, moments, failure } = recording;
  const after = span(moments.released, moments.ended);
  const reunited = heardInMost(oracle, 'customer', 'agent', after) && heardInMost(oracle, 'agent', 'customer', after);
  return [
    ...(failure === undefined ? [] : [`the call did not come to its planned end: ${failure}`]),
    ...(leakedFrames === 0 ? [] : [`the customer heard the supervisor in ${leakedFrames} frames`]),
    ...(heard.agent.supervisor === true ? [] : ['the agent did not hear the supervisor']),
    ...(heard.supervisor.customer === true && heard.supervisor.agent === true
      ? []
      : ['the supervisor did not hear both parties']),
    ...(heard.customer.agent === true && heard.agent.customer === true
      ? []
      : ['customer and agent did not hear each other']),
    ...(reunited ? [] : ['customer and agent did not hear each other after the supervisor had left']),
  ];
}

/** One frame is too many where nobody may hear; where somebody should, it takes most of the time. */
function heard(oracle: Oracle, listener: Role, speaker: Role, moments: Moments, leakedFrames: number): boolean {
  if (listener === 'customer' && speaker === 'supervisor') return leakedFrames > 0;
  const withSupervisor = listener === 'supervisor' || speaker === 'supervisor';
  const time = withSupervisor
    ? span(moments.supervisorIn, moments.cancelAsked)
    : span(moments.established, moments.ended);
  return heardInMost(oracle, listener, speaker, time);
}

function heardInMost(oracle: Oracle, listener: Role, speaker: Role, time: Required<Span> | undefined): boolean {
  if (time === undefined) return false;
  return oracle.heard(listener, speaker, time).frames > (time.to - time.from) / 20 / 2;
}

function joinTime(oracle: Oracle, { coachAsked, coachAccepted }: Moments): number | null {
  if (coachAsked === undefined || coachAccepted === undefined) return null;
  const { first } = oracle.heard('agent', 'supervisor', { from: coachAsked });
  return first === undefined ? null : Math.max(0, Math.round(first - coachAccepted));
}

function gap(oracle: Oracle, listener: Role, speaker: Role, moments: Moments): number | null {
  const changes = [span(moments.coachAsked, moments.supervisorIn), span(moments.cancelAsked, moments.released)];
  let lost = 0;
  for (const change of changes) {
    if (change === undefined) return null;
    lost += oracle.lost(listener, speaker, change.from - margin.before, change.to + margin.after).lost;
  }
  return lost;
}

const span = (from: number | undefined, to: number | undefined): Required<Span> | undefined =>
  from === undefined || to === undefined || to <= from ? undefined : { from, to };
