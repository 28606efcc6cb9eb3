import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Gate } from '../../../src/embedded/freeswitch/channel/gate.ts';
import type { MediaStream, MemberFlags, Mix } from '../../../src/embedded/rtp/engine.ts';

/** A stream that remembers what it was told; outside of a mix it refuses, as the engine does. */
class FakeStream implements Pick<MediaStream, 'join' | 'leave' | 'setMute' | 'setDeaf'> {
  flags: { mute: boolean; deaf: boolean } | undefined;

  join(_mix: Mix, flags: MemberFlags): Promise<void> {
    this.flags = { ...flags };
    return Promise.resolve();
  }

  leave(): Promise<void> {
    this.flags = undefined;
    return Promise.resolve();
  }

  setMute(on: boolean): Promise<void> {
    return this.#set({ mute: on });
  }

  setDeaf(on: boolean): Promise<void> {
    return this.#set({ deaf: on });
  }

  #set(flags: Partial<MemberFlags>): Promise<void> {
    if (this.flags === undefined) return Promise.reject(new Error('not a member of a mix'));
    Object.assign(this.flags, flags);
    return Promise.resolve();
  }
}

const MIX = {} as Mix;

test('mouth and ears are open exactly while neither the leg nor the conference closes them', async () => {
  const flags = fc.record({ mute: fc.boolean(), deaf: fc.boolean() }, { requiredKeys: [] });
  const step = fc.oneof(
    fc.record({ by: fc.constantFrom('leg' as const, 'member' as const), flags }),
    fc.record({ by: fc.constant('join' as const), flags: fc.record({ mute: fc.boolean(), deaf: fc.boolean() }) }),
    fc.record({ by: fc.constant('leave' as const) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const stream = new FakeStream();
      const gate = new Gate(stream as unknown as MediaStream);
      let leg = { mute: false, deaf: false };
      let conference: { mute: boolean; deaf: boolean } | undefined;
      for (const each of steps) {
        if (each.by === 'join') {
          conference = each.flags;
          await gate.join(MIX, each.flags);
        } else if (each.by === 'leave') {
          conference = undefined;
          await gate.leave();
        } else if (each.by === 'leg') {
          leg = { ...leg, ...each.flags };
          await gate.leg(each.flags);
        } else {
          if (conference !== undefined) conference = { ...conference, ...each.flags };
          await gate.member(each.flags);
        }
        const wanted =
          conference === undefined
            ? undefined
            : { mute: leg.mute || conference.mute, deaf: leg.deaf || conference.deaf };
        expect(stream.flags).toEqual(wanted);
      }
    }),
  );
});
