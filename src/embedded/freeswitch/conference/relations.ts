/**
 * Who is kept from hearing whom, as `conference <name> relate` has it. A relation lives on its first member and says
 * whether that one may speak to, and hear, the other. Measured on FreeSWITCH 1.10.12:
 *
 * - a new relation replaces the old one between the same two, it does not add to it;
 * - it goes when its first member leaves, and stays when the other leaves;
 * - there is no relation to "everyone".
 */
export interface Relation {
  readonly speak: boolean;
  readonly hear: boolean;
}

/** Owner → the other member → relation, the newest first, which is the order FreeSWITCH lists them in. */
export type Relations = ReadonlyMap<number, ReadonlyMap<number, Relation>>;

export const NO_RELATIONS: Relations = new Map();

/** `relate <owner> <other> nospeak|nohear` */
export function relate(relations: Relations, owner: number, other: number, relation: Relation): Relations {
  const own = new Map(relations.get(owner));
  const next = own.has(other) ? own.set(other, relation) : new Map([[other, relation], ...own]);
  return new Map(relations).set(owner, next);
}

/** `relate <owner> <other> clear`; clearing what is not there changes nothing. */
export function clear(relations: Relations, owner: number, other: number): Relations {
  const own = new Map(relations.get(owner));
  own.delete(other);
  return own.size === 0 ? dropOwner(relations, owner) : new Map(relations).set(owner, own);
}

/** The owner has left: its relations go with it. */
export function dropOwner(relations: Relations, owner: number): Relations {
  const next = new Map(relations);
  next.delete(owner);
  return next;
}

/** Either side may forbid it: the speaker by `nospeak`, the listener by `nohear`. */
export function isHeard(relations: Relations, speaker: number, listener: number): boolean {
  const spoken = relations.get(speaker)?.get(listener)?.speak ?? true;
  const heard = relations.get(listener)?.get(speaker)?.hear ?? true;
  return spoken && heard;
}

/** All pairs that two members may have lost or won anything in, for a change of the relations between them. */
export function pairsOf(one: number, other: number): readonly [speaker: number, listener: number][] {
  return [
    [one, other],
    [other, one],
  ];
}
