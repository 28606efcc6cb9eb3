import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JoinFlag } from '../../../src/embedded/freeswitch/conference/join-request.ts';
import { isHeard } from '../../../src/embedded/freeswitch/conference/relations.ts';
import {
  change,
  changedHearings,
  counted,
  EMPTY,
  endsWith,
  ghosts,
  join,
  leave,
  member,
  type MemberState,
  related,
  type Roster,
  standingHearings,
  unrelated,
} from '../../../src/embedded/freeswitch/conference/roster.ts';

const someone = (id: number, ...flags: JoinFlag[]): MemberState => ({
  id,
  canSpeak: true,
  canHear: true,
  flags: new Set(flags),
  volumeIn: 0,
  volumeOut: 0,
  energy: 0,
  joinedAt: 0,
  talking: false,
  lastTalking: undefined,
  currentEnergy: 0,
  held: false,
});
const of = (...members: MemberState[]): Roster => members.reduce(join, EMPTY);
const NOSPEAK = { speak: false, hear: true };

describe('the roster', () => {
  test('lists the newest first', () => {
    expect(of(someone(1), someone(2), someone(3)).members.map(({ id }) => id)).toEqual([3, 2, 1]);
  });

  test('changes one member and no other', () => {
    const roster = change(of(someone(1), someone(2)), 1, { canSpeak: false });
    expect([member(roster, 1)?.canSpeak, member(roster, 2)?.canSpeak]).toEqual([false, true]);
  });

  test('the floor goes with who has it', () => {
    const roster = { ...of(someone(1), someone(2)), floor: 2 };
    expect(leave(roster, 1).floor).toBe(2);
    expect(leave(roster, 2).floor).toBeUndefined();
  });

  test('does not count ghosts', () => {
    const roster = of(someone(1), someone(2, 'ghost'));
    expect([counted(roster), ghosts(roster)]).toEqual([1, 1]);
  });

  test.each<[string, Roster, number, boolean]>([
    ['the only endconf member', of(someone(1, 'endconf'), someone(2)), 1, true],
    ['one of two endconf members', of(someone(1, 'endconf'), someone(2, 'endconf')), 1, false],
    ['somebody else', of(someone(1, 'endconf'), someone(2)), 2, false],
    ['the second of two, where one wants two', of(someone(1, 'mintwo'), someone(2)), 2, true],
    ['the third of three, where one wants two', of(someone(1, 'mintwo'), someone(2), someone(3)), 3, false],
    ['nobody special', of(someone(1), someone(2)), 1, false],
  ])('the departure of %s ends the conference or does not', (_who, roster, id, ends) => {
    expect(endsWith(roster, leave(roster, id))).toBe(ends);
  });

  test('relations need both, their end needs their owner', () => {
    const roster = of(someone(1), someone(2));
    expect(related(roster, 1, 3, NOSPEAK)).toBeUndefined();
    expect(related(roster, 3, 1, NOSPEAK)).toBeUndefined();
    expect(unrelated(roster, 3, 1)).toBeUndefined();
    expect(unrelated(roster, 1, 3)).toBeDefined();
  });
});

/** A mixer as far as it matters here: it forgets a member's pairs when it leaves, and hears of nothing but changes. */
class Mixer {
  readonly #silenced = new Set<string>();

  tell(hearings: readonly { speaker: number; listener: number; hears: boolean }[]): void {
    for (const { speaker, listener, hears } of hearings) {
      if (hears) this.#silenced.delete(`${speaker}>${listener}`);
      else this.#silenced.add(`${speaker}>${listener}`);
    }
  }

  forget(id: number): void {
    for (const pair of this.#silenced) if (pair.split('>').includes(String(id))) this.#silenced.delete(pair);
  }

  hears(speaker: number, listener: number): boolean {
    return !this.#silenced.has(`${speaker}>${listener}`);
  }
}

test('the mixer, told of changes alone, always agrees with the relations', () => {
  const id = fc.integer({ min: 1, max: 4 });
  const step = fc.record({
    what: fc.constantFrom('join', 'leave', 'relate', 'clear'),
    one: id,
    other: id,
    speak: fc.boolean(),
    hear: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let roster = EMPTY;
      const mixer = new Mixer();
      for (const { what, one, other, speak, hear } of steps) {
        const there = (each: number): boolean => member(roster, each) !== undefined;
        if (what === 'join' && !there(one)) {
          roster = join(roster, someone(one));
          mixer.tell(standingHearings(roster, one));
        } else if (what === 'leave' && there(one)) {
          roster = leave(roster, one);
          mixer.forget(one);
        } else if (what === 'relate' || what === 'clear') {
          const next = what === 'clear' ? unrelated(roster, one, other) : related(roster, one, other, { speak, hear });
          if (next === undefined) continue;
          const changes = changedHearings(roster, next, one, other);
          mixer.tell(changes.filter(({ speaker, listener }) => there(speaker) && there(listener)));
          roster = next;
        }
        for (const speaker of roster.members) {
          for (const listener of roster.members) {
            if (speaker.id === listener.id) continue;
            const wanted = isHeard(roster.relations, speaker.id, listener.id);
            expect(mixer.hears(speaker.id, listener.id)).toBe(wanted);
          }
        }
      }
    }),
  );
});
