import type { Operation } from './monitoring.ts';

/** Someone in a room: a party's leg, or a supervision. */
export type MemberId = string;

export interface Supervisor {
  readonly member: MemberId;
  /** The member this supervisor monitors. */
  readonly agent: MemberId;
  readonly operation: Operation;
}

/** Who hears whom: for each speaker the members that hear it. */
export type Audibility = ReadonlyMap<MemberId, ReadonlySet<MemberId>>;

/** The table of promises: by whom is a supervisor heard? */
const HEARD_BY: Record<Operation, { agent: boolean; otherParties: boolean; otherSupervisors: boolean }> = {
  ListenIn: { agent: false, otherParties: false, otherSupervisors: false },
  Coach: { agent: true, otherParties: false, otherSupervisors: false },
  BargeIn: { agent: true, otherParties: true, otherSupervisors: true },
};

/** Who shall hear whom. Parties hear each other and are heard by every supervisor; the rest is {@link HEARD_BY}. */
export function audibility(parties: readonly MemberId[], supervisors: readonly Supervisor[]): Audibility {
  const heard = new Map<MemberId, ReadonlySet<MemberId>>();
  for (const party of parties) {
    const others = parties.filter((other) => other !== party);
    heard.set(party, new Set([...others, ...supervisors.map(({ member }) => member)]));
  }
  for (const { member, agent, operation } of supervisors) {
    const row = HEARD_BY[operation];
    const listeners = parties.filter((party) => (party === agent ? row.agent : row.otherParties));
    const colleagues = row.otherSupervisors ? supervisors.map((other) => other.member) : [];
    heard.set(member, new Set([...listeners, ...colleagues.filter((other) => other !== member)]));
  }
  return heard;
}

/**
 * How a conference is set: whose mouth and whose ears are open, and which pairs are kept apart.
 * A member it does not name is deaf and mute, which is how everyone enters.
 */
export interface Stage {
  readonly mouths: ReadonlySet<MemberId>;
  readonly ears: ReadonlySet<MemberId>;
  /** For each speaker the listeners it is kept from. */
  readonly apart: ReadonlyMap<MemberId, ReadonlySet<MemberId>>;
}

export const EMPTY_STAGE: Stage = { mouths: new Set(), ears: new Set(), apart: new Map() };

/** One thing to ask of a conference. */
export type Step =
  | { readonly type: 'mute' | 'unmute' | 'deafen' | 'undeafen'; readonly member: MemberId }
  | { readonly type: 'separate' | 'reunite'; readonly speaker: MemberId; readonly listener: MemberId };

/** Whether a conference that is set like this carries the speaker's voice to the listener. */
export function carries(stage: Stage, speaker: MemberId, listener: MemberId): boolean {
  if (speaker === listener) return false;
  return stage.mouths.has(speaker) && stage.ears.has(listener) && stage.apart.get(speaker)?.has(listener) !== true;
}

/** The stage after one step. */
export function after(stage: Stage, step: Step): Stage {
  switch (step.type) {
    case 'mute':
      return { ...stage, mouths: without(stage.mouths, step.member) };
    case 'unmute':
      return { ...stage, mouths: new Set(stage.mouths).add(step.member) };
    case 'deafen':
      return { ...stage, ears: without(stage.ears, step.member) };
    case 'undeafen':
      return { ...stage, ears: new Set(stage.ears).add(step.member) };
    case 'separate':
    case 'reunite': {
      const kept = new Set(stage.apart.get(step.speaker));
      if (step.type === 'separate') kept.add(step.listener);
      else kept.delete(step.listener);
      return { ...stage, apart: new Map(stage.apart).set(step.speaker, kept) };
    }
  }
}

/**
 * The stage once a member has gone. A relation lives on its speaker (measured on FreeSWITCH 1.10.12): those of the
 * one that left are gone with it, those of others towards it stay and are forgotten here because member ids are not reused.
 */
export function departed(stage: Stage, member: MemberId): Stage {
  const apart = [...stage.apart].filter(([speaker]) => speaker !== member);
  return {
    mouths: without(stage.mouths, member),
    ears: without(stage.ears, member),
    apart: new Map(apart.map(([speaker, listeners]) => [speaker, without(listeners, member)])),
  };
}

/**
 * The safe way from a stage to an audibility: revoke first, then grant, ears before mouths. Each phase must be confirmed
 * whole before the next is begun; inside a phase the order does not matter.
 *
 * While it revokes, nobody hears more than before; once it grants, nobody hears what `target` does not allow.
 */
export function plan(stage: Stage, target: Audibility): readonly (readonly Step[])[] {
  const wanted = stageFor(target);
  const revoke: Step[] = [
    ...[...stage.mouths].filter((member) => !wanted.mouths.has(member)).map(step('mute')),
    ...[...stage.ears].filter((member) => !wanted.ears.has(member)).map(step('deafen')),
    ...pairs(wanted.apart, stage.apart).map(pair('separate')),
  ];
  // Not for a speaker that is mute: what FreeSWITCH has buffered of it is still mixed for a moment after the mute is confirmed.
  const reunite = pairs(stage.apart, wanted.apart)
    .filter(([speaker]) => wanted.mouths.has(speaker))
    .map(pair('reunite'));
  const openEars = [...wanted.ears].filter((member) => !stage.ears.has(member)).map(step('undeafen'));
  const openMouths = [...wanted.mouths].filter((member) => !stage.mouths.has(member)).map(step('unmute'));
  return [revoke, reunite, openEars, openMouths].filter((phase) => phase.length > 0);
}

/** The stage that carries exactly this audibility, with as few separations as possible. */
function stageFor(target: Audibility): Stage {
  const mouths = new Set([...target].filter(([, listeners]) => listeners.size > 0).map(([speaker]) => speaker));
  const ears = new Set([...target.values()].flatMap((listeners) => [...listeners]));
  const apart = new Map<MemberId, ReadonlySet<MemberId>>();
  for (const speaker of mouths) {
    const kept = [...ears].filter((listener) => listener !== speaker && target.get(speaker)?.has(listener) !== true);
    apart.set(speaker, new Set(kept));
  }
  return { mouths, ears, apart };
}

type Pairs = ReadonlyMap<MemberId, ReadonlySet<MemberId>>;

/** The pairs of `some` that are not in `others`. */
function pairs(some: Pairs, others: Pairs): [MemberId, MemberId][] {
  return [...some].flatMap(([speaker, listeners]) =>
    [...listeners]
      .filter((listener) => others.get(speaker)?.has(listener) !== true)
      .map((listener): [MemberId, MemberId] => [speaker, listener]),
  );
}

const step =
  (type: 'mute' | 'unmute' | 'deafen' | 'undeafen') =>
  (member: MemberId): Step => ({ type, member });

const pair =
  (type: 'separate' | 'reunite') =>
  ([speaker, listener]: [MemberId, MemberId]): Step => ({ type, speaker, listener });

function without<T>(set: ReadonlySet<T>, element: T): ReadonlySet<T> {
  const rest = new Set(set);
  rest.delete(element);
  return rest;
}
