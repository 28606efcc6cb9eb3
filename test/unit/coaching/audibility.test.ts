import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  after,
  audibility,
  carries,
  EMPTY_STAGE,
  type MemberId,
  plan,
  type Stage,
  type Step,
  type Supervisor,
} from '../../../src/coaching/audibility.ts';
import type { Operation } from '../../../src/coaching/monitoring.ts';

const CUSTOMER = 'customer';
const AGENT = 'agent';
const PARTIES = [CUSTOMER, AGENT];

const hears = (operation: Operation) => {
  const other: Supervisor = { member: 'other supervisor', agent: CUSTOMER, operation: 'ListenIn' };
  const heard = audibility(PARTIES, [{ member: 'supervisor', agent: AGENT, operation }, other]);
  const by = (listener: MemberId) => heard.get('supervisor')?.has(listener);
  const hearsAll = PARTIES.every((party) => heard.get(party)?.has('supervisor'));
  return { agent: by(AGENT), customer: by(CUSTOMER), otherSupervisor: by('other supervisor'), hearsParties: hearsAll };
};

describe('who hears a supervisor', () => {
  it.each<[Operation, ReturnType<typeof hears>]>([
    ['ListenIn', { agent: false, customer: false, otherSupervisor: false, hearsParties: true }],
    ['Coach', { agent: true, customer: false, otherSupervisor: false, hearsParties: true }],
    ['BargeIn', { agent: true, customer: true, otherSupervisor: true, hearsParties: true }],
  ])('%s', (operation, expected) => {
    expect(hears(operation)).toEqual(expected);
  });

  it('parties hear each other and nobody hears themselves', () => {
    const heard = audibility(PARTIES, [{ member: 's', agent: AGENT, operation: 'BargeIn' }]);
    expect(heard.get(CUSTOMER)).toEqual(new Set([AGENT, 's']));
    expect(heard.get(AGENT)).toEqual(new Set([CUSTOMER, 's']));
    for (const [speaker, listeners] of heard) expect(listeners.has(speaker)).toBe(false);
  });
});

const operation = fc.constantFrom<Operation>('ListenIn', 'Coach', 'BargeIn');
const conversation = fc
  .record({
    parties: fc.subarray(['customer', 'agent', 'third party'], { minLength: 1 }),
    supervisors: fc.uniqueArray(fc.tuple(fc.constantFrom('s1', 's2', 's3'), operation, fc.nat()), {
      selector: ([member]) => member,
    }),
  })
  .map(({ parties, supervisors }) =>
    audibility(
      parties,
      supervisors.map(([member, op, pick]) => ({
        member,
        operation: op,
        agent: parties[pick % parties.length] ?? 'agent',
      })),
    ),
  );

const everyone = ['customer', 'agent', 'third party', 's1', 's2', 's3'];
const pairs = everyone.flatMap((speaker) => everyone.map((listener) => [speaker, listener] as const));
const follow = (stage: Stage, phases: readonly (readonly Step[])[]) => phases.flat().reduce(after, stage);

describe('the way from one audibility to the next', () => {
  it('ends at exactly what was asked for, from wherever it begins', () => {
    fc.assert(
      fc.property(fc.array(conversation, { minLength: 1, maxLength: 5 }), (targets) => {
        let stage = EMPTY_STAGE;
        for (const target of targets) {
          stage = follow(stage, plan(stage, target));
          for (const [speaker, listener] of pairs) {
            expect(carries(stage, speaker, listener)).toBe(target.get(speaker)?.has(listener) ?? false);
          }
        }
      }),
    );
  });

  it('revokes before it grants: no step, in any order within its phase, lets anyone hear what neither allows', () => {
    fc.assert(
      fc.property(conversation, conversation, fc.infiniteStream(fc.nat()), (before, target, order) => {
        let stage = follow(EMPTY_STAGE, plan(EMPTY_STAGE, before));
        let granting = false;
        for (const phase of plan(stage, target)) {
          for (const step of shuffled(phase, order)) {
            granting ||= step.type === 'unmute' || step.type === 'undeafen' || step.type === 'reunite';
            stage = after(stage, step);
            for (const [speaker, listener] of pairs) {
              if (!carries(stage, speaker, listener)) continue;
              const wanted = target.get(speaker)?.has(listener) ?? false;
              const had = before.get(speaker)?.has(listener) ?? false;
              expect(wanted || (!granting && had), `${step.type}: ${listener} hears ${speaker}`).toBe(true);
            }
          }
        }
      }),
    );
  });

  it('never interrupts a pair that may hear each other before and after', () => {
    fc.assert(
      fc.property(conversation, conversation, (before, target) => {
        let stage = follow(EMPTY_STAGE, plan(EMPTY_STAGE, before));
        for (const step of plan(stage, target).flat()) {
          stage = after(stage, step);
          for (const [speaker, listener] of pairs) {
            const kept = before.get(speaker)?.has(listener) === true && target.get(speaker)?.has(listener) === true;
            if (kept) expect(carries(stage, speaker, listener)).toBe(true);
          }
        }
      }),
    );
  });

  it('has nothing to do when nothing changes', () => {
    fc.assert(
      fc.property(conversation, (target) => {
        const stage = follow(EMPTY_STAGE, plan(EMPTY_STAGE, target));
        expect(plan(stage, target)).toEqual([]);
      }),
    );
  });

  it('brings a coach in by one separation, ears before the mouth', () => {
    const stage = follow(EMPTY_STAGE, plan(EMPTY_STAGE, audibility(PARTIES, [])));
    const target = audibility(PARTIES, [{ member: 's', agent: AGENT, operation: 'Coach' }]);
    expect(plan(stage, target)).toEqual([
      [{ type: 'separate', speaker: 's', listener: CUSTOMER }],
      [{ type: 'undeafen', member: 's' }],
      [{ type: 'unmute', member: 's' }],
    ]);
  });
});

function shuffled<T>(items: readonly T[], random: Iterator<number>): T[] {
  return items
    .map((item) => [random.next().value as number, item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item);
}
