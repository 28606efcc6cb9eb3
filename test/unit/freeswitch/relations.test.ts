import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  clear,
  dropOwner,
  isHeard,
  NO_RELATIONS,
  relate,
  type Relations,
} from '../../../src/embedded/freeswitch/conference/relations.ts';

const NOSPEAK = { speak: false, hear: true };
const NOHEAR = { speak: true, hear: false };

const id = fc.integer({ min: 1, max: 5 });
const change = fc.oneof(
  fc.record({ kind: fc.constant('relate' as const), owner: id, other: id, speak: fc.boolean(), hear: fc.boolean() }),
  fc.record({ kind: fc.constant('clear' as const), owner: id, other: id }),
  fc.record({ kind: fc.constant('leave' as const), owner: id }),
);
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

const apply = (relations: Relations, each: Change): Relations => {
  switch (each.kind) {
    case 'relate':
      return relate(relations, each.owner, each.other, each);
    case 'clear':
      return clear(relations, each.owner, each.other);
    case 'leave':
      return dropOwner(relations, each.owner);
  }
};

const history = fc.array(change, { maxLength: 40 });
const after = (changes: readonly Change[]): Relations => changes.reduce(apply, NO_RELATIONS);

describe('a relation', () => {
  test('without any, everybody is heard by everybody', () => {
    expect(isHeard(NO_RELATIONS, 1, 2)).toBe(true);
  });

  test('nospeak keeps its owner from being heard, nohear keeps it from hearing, and only that', () => {
    const nospeak = relate(NO_RELATIONS, 3, 1, NOSPEAK);
    expect([isHeard(nospeak, 3, 1), isHeard(nospeak, 1, 3), isHeard(nospeak, 3, 2)]).toEqual([false, true, true]);
    const nohear = relate(NO_RELATIONS, 3, 1, NOHEAR);
    expect([isHeard(nohear, 3, 1), isHeard(nohear, 1, 3)]).toEqual([true, false]);
  });

  test('the last one between two counts alone, whatever was there before', () => {
    fc.assert(
      fc.property(history, id, id, fc.boolean(), fc.boolean(), (changes, owner, other, speak, hear) => {
        const relations = relate(after(changes), owner, other, { speak, hear });
        expect(relations.get(owner)?.get(other)).toMatchObject({ speak, hear });
      }),
    );
  });

  test('is as if never made once cleared', () => {
    fc.assert(
      fc.property(history, id, id, (changes, owner, other) => {
        const before = clear(after(changes), owner, other);
        const since = clear(relate(before, owner, other, NOSPEAK), owner, other);
        expect(since).toEqual(before);
      }),
    );
  });

  test('goes with its owner; nobody else loses or wins one by that', () => {
    fc.assert(
      fc.property(history, id, (changes, gone) => {
        const before = after(changes);
        const since = dropOwner(before, gone);
        expect(since.has(gone)).toBe(false);
        for (const [owner, own] of before) if (owner !== gone) expect(since.get(owner)).toEqual(own);
      }),
    );
  });

  test('decides about a pair only as the last word of one of the two', () => {
    fc.assert(
      fc.property(history, id, id, (changes, speaker, listener) => {
        const lastOf = (owner: number, other: number) =>
          changes.findLast((each) => each.owner === owner && (each.kind === 'leave' || each.other === other));
        const bySpeaker = lastOf(speaker, listener);
        const byListener = lastOf(listener, speaker);
        const forbidden =
          (bySpeaker?.kind === 'relate' && !bySpeaker.speak) || (byListener?.kind === 'relate' && !byListener.hear);
        expect(isHeard(after(changes), speaker, listener)).toBe(!forbidden);
      }),
    );
  });

  test('no change touches what was there before', () => {
    const first = relate(NO_RELATIONS, 1, 2, NOSPEAK);
    relate(first, 1, 2, NOHEAR);
    clear(first, 1, 2);
    dropOwner(first, 1);
    expect(first.get(1)?.get(2)).toEqual(NOSPEAK);
    expect(NO_RELATIONS.size).toBe(0);
  });
});
