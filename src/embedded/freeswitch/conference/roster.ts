import {
  clear,
  dropOwner,
  isHeard,
  NO_RELATIONS,
  pairsOf,
  relate,
  type Relation,
  type Relations,
} from './relations.ts';
import type { JoinFlag } from './join-request.ts';

/** What a member may do, and what the conference knows about it. */
export interface MemberState {
  readonly id: number;
  readonly canSpeak: boolean;
  readonly canHear: boolean;
  readonly flags: ReadonlySet<JoinFlag>;
  /** −4 … 4, FreeSWITCH's volume steps. */
  readonly volumeIn: number;
  readonly volumeOut: number;
  /** Level below which a member counts as silent. */
  readonly energy: number;
  /** Milliseconds since the epoch. */
  readonly joinedAt: number;
  readonly talking: boolean;
  /** When it was last found talking, ms since the epoch. */
  readonly lastTalking: number | undefined;
  /** FreeSWITCH's energy, when it began or ended to talk. */
  readonly currentEnergy: number;
  /** On hold in the conference: neither heard nor hearing. */
  readonly held: boolean;
}

/** One direction between two members that has to change in the mixer. */
export interface Hearing {
  readonly speaker: number;
  readonly listener: number;
  readonly hears: boolean;
}

/** Who is in the conference and how they are related: the newest member first, as FreeSWITCH lists them. */
export interface Roster {
  readonly members: readonly MemberState[];
  readonly relations: Relations;
  /** The member that has the floor. */
  readonly floor: number | undefined;
}

export const EMPTY: Roster = { members: [], relations: NO_RELATIONS, floor: undefined };

export function member(roster: Roster, id: number): MemberState | undefined {
  return roster.members.find((each) => each.id === id);
}

export function join(roster: Roster, newcomer: MemberState): Roster {
  const others = roster.members.filter(({ id }) => id !== newcomer.id);
  return { ...roster, members: [newcomer, ...others] };
}

/** The member is out: its own relations and the floor go with it; relations of others towards it stay. */
export function leave(roster: Roster, id: number): Roster {
  return {
    members: roster.members.filter((each) => each.id !== id),
    relations: dropOwner(roster.relations, id),
    floor: roster.floor === id ? undefined : roster.floor,
  };
}

export function change(roster: Roster, id: number, to: Partial<Omit<MemberState, 'id'>>): Roster {
  return { ...roster, members: roster.members.map((each) => (each.id === id ? { ...each, ...to } : each)) };
}

/** @returns undefined when one of the two is not there, which FreeSWITCH refuses */
export function related(roster: Roster, owner: number, other: number, relation: Relation): Roster | undefined {
  if (member(roster, owner) === undefined || member(roster, other) === undefined) return undefined;
  return { ...roster, relations: relate(roster.relations, owner, other, relation) };
}

/** @returns undefined when the owner is not there */
export function unrelated(roster: Roster, owner: number, other: number): Roster | undefined {
  if (member(roster, owner) === undefined) return undefined;
  return { ...roster, relations: clear(roster.relations, owner, other) };
}

/** What the mixer has to be told after the relations between two members changed. */
export function changedHearings(before: Roster, after: Roster, one: number, other: number): Hearing[] {
  return pairsOf(one, other)
    .filter(([a, b]) => isHeard(before.relations, a, b) !== isHeard(after.relations, a, b))
    .map(([speaker, listener]) => ({ speaker, listener, hears: isHeard(after.relations, speaker, listener) }));
}

/** What does not hear or is not heard of a member that has just come: relations of others outlive its absence. */
export function standingHearings(roster: Roster, id: number): Hearing[] {
  return roster.members
    .filter((other) => other.id !== id)
    .flatMap((other) => pairsOf(id, other.id))
    .filter(([speaker, listener]) => !isHeard(roster.relations, speaker, listener))
    .map(([speaker, listener]) => ({ speaker, listener, hears: false }));
}

/** Ghosts are there and are not counted. */
export function counted(roster: Roster): number {
  return roster.members.filter(({ flags }) => !flags.has('ghost')).length;
}

export function ghosts(roster: Roster): number {
  return roster.members.length - counted(roster);
}

/**
 * Whether the departure of a member ends the conference for the rest: the last `endconf` member went, or fewer than
 * two are left of whom one asked for `mintwo`.
 */
export function endsWith(before: Roster, after: Roster): boolean {
  const has = (roster: Roster, flag: JoinFlag): boolean => roster.members.some(({ flags }) => flags.has(flag));
  if (has(before, 'endconf') && !has(after, 'endconf')) return true;
  return has(before, 'mintwo') && counted(after) < 2;
}
