import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Audience } from '../../../src/embedded/rtp/audience.ts';
import { Ears } from '../../../src/embedded/rtp/ears.ts';
import { gainOfLevel } from '../../../src/embedded/rtp/volume.ts';

interface Party {
  readonly name: number;
  readonly frame: Int16Array;
  readonly ears: Ears<Party>;
}

function party(name: number, samples: readonly number[]): Party {
  return {
    name,
    frame: Int16Array.from({ length: 160 }, (_, i) => samples[i % samples.length] ?? 0),
    ears: new Ears(),
  };
}

function refresh(audience: Audience<Party>): void {
  for (const listener of audience.members) {
    const wanted = new Set([...audience.members].filter((speaker) => audience.hears(listener, speaker)));
    listener.ears.set(wanted, (speaker) => ({ read: () => speaker.frame, gain: () => 1, ready: () => undefined }));
  }
}

const voices = fc.array(fc.array(fc.integer({ min: -32768, max: 32767 }), { minLength: 1, maxLength: 160 }), {
  minLength: 1,
  maxLength: 6,
});
const step = fc.oneof(
  fc.record({ do: fc.constant('mute' as const), who: fc.nat(5), on: fc.boolean() }),
  fc.record({ do: fc.constant('deaf' as const), who: fc.nat(5), on: fc.boolean() }),
  fc.record({ do: fc.constant('relate' as const), who: fc.nat(5), whom: fc.nat(5), on: fc.boolean() }),
  fc.record({ do: fc.constant('leave' as const), who: fc.nat(5) }),
  fc.record({ do: fc.constant('enter' as const), who: fc.nat(5), mute: fc.boolean(), deaf: fc.boolean() }),
);

describe('who hears what', () => {
  test('after any history each hears the saturated sum of exactly those it may hear', () => {
    fc.assert(
      fc.property(voices, fc.array(step, { maxLength: 40 }), (samples, steps) => {
        const parties = samples.map((each, name) => party(name, each));
        const audience = new Audience<Party>();
        // The same rules, told as plainly as possible.
        const present = new Map<Party, { mute: boolean; deaf: boolean }>();
        const blocked = new Set<string>();
        const forget = (name: number): void => {
          for (const pair of blocked) if (pair.split('>').includes(String(name))) blocked.delete(pair);
        };
        for (const each of steps) {
          const who = parties[each.who % parties.length];
          if (!who) continue;
          const flags = present.get(who);
          if (each.do === 'enter') {
            audience.enter(who, { mute: each.mute, deaf: each.deaf });
            present.set(who, { mute: each.mute, deaf: each.deaf });
          } else if (each.do === 'leave') {
            audience.leave(who);
            present.delete(who);
            forget(who.name);
          } else if (flags && each.do === 'relate') {
            const whom = parties[each.whom % parties.length];
            if (!whom || !present.has(whom)) continue;
            audience.relate(who, whom, each.on);
            if (each.on) blocked.delete(`${who.name}>${whom.name}`);
            else blocked.add(`${who.name}>${whom.name}`);
          } else if (flags && each.do !== 'relate') {
            audience.set(who, { [each.do]: each.on });
            flags[each.do] = each.on;
          }
          refresh(audience);
        }
        for (const [listener, { deaf }] of present) {
          const heard = [...present].filter(
            ([speaker, { mute }]) =>
              speaker !== listener && !mute && !deaf && !blocked.has(`${speaker.name}>${listener.name}`),
          );
          const expected = Int16Array.from({ length: 160 }, (_, i) => {
            const sum = heard.reduce((total, [speaker]) => total + (speaker.frame[i] ?? 0), 0);
            return Math.max(-32768, Math.min(32767, sum));
          });
          const frame = listener.ears.hear(0, 1);
          if (heard.length === 0) expect(frame).toBeUndefined();
          else expect(frame).toEqual(expected);
        }
      }),
    );
  });

  test('who is not in cannot be muted or related', () => {
    const audience = new Audience<string>();
    audience.enter('agent', { mute: false, deaf: false });
    expect(() => audience.relate('agent', 'nobody', false)).toThrow('not a member');
    expect(() => audience.set('nobody', { mute: true })).toThrow('not a member');
  });

  test('an ear that stays keeps its place, one that is taken away and given back begins anew', () => {
    const ears = new Ears<string>();
    let opened = 0;
    const open = () => {
      const name = ++opened;
      return { read: () => new Int16Array(160).fill(name), gain: () => 1, ready: () => undefined };
    };
    ears.set(new Set(['a']), open);
    ears.set(new Set(['a']), open);
    expect(ears.hear(0, 1)?.[0]).toBe(1);
    ears.set(new Set(), open);
    expect(ears.hear(20, 1)).toBeUndefined();
    ears.set(new Set(['a']), open);
    expect(ears.hear(40, 1)?.[0]).toBe(2);
  });

  test('volume: the steps of FreeSWITCH', () => {
    expect([-9, -4, -3, -2, -1, 0, 1, 2, 3, 4, 9].map(gainOfLevel)).toEqual([
      0.2, 0.2, 0.4, 0.6, 0.8, 1, 1.3, 2.3, 3.3, 4.3, 4.3,
    ]);
    const ears = new Ears<string>();
    ears.set(new Set(['a']), () => ({
      read: () => new Int16Array(160).fill(1000),
      gain: () => 0.4,
      ready: () => undefined,
    }));
    expect(ears.hear(0, 2.3)?.[7]).toBe(920);
    expect(ears.hear(0, 4.3)?.[7]).toBe(1720);
  });
});
