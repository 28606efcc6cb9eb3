import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { conferenceName, readConferenceName } from '../../../src/media/conference-name.ts';

const INSTANCE = '2c1f3f6a-5f0e-4a51-9d3c-3d7f4c0a5001';

describe('the name of a conference', () => {
  it('means nothing but itself to FreeSWITCH', () => {
    const name = conferenceName({ instance: INSTANCE, callId: 'a b@c+d{e}|f', suffix: '1' });
    expect(name).toBe(`earpiece-${INSTANCE}-a_b_c_d_e__f-1`);
  });

  it('says whose room it is, whatever the id of the call', () => {
    const hex = fc.stringMatching(/^[0-9a-f]{1,8}$/);
    const callId = fc.stringMatching(/^[A-Za-z0-9.-]{1,40}$/);
    fc.assert(
      fc.property(fc.uuid(), callId, hex, (instance, callId, suffix) => {
        const room = { instance, callId, suffix };
        expect(readConferenceName(conferenceName(room))).toEqual(room);
      }),
    );
  });

  it.each(['3000', 'earpiece', `earpiece-${INSTANCE}-12`, 'earpiece-other-call-12', `my-earpiece-${INSTANCE}-call-12`])(
    'is not read out of %s',
    (name) => {
      expect(readConferenceName(name)).toBeUndefined();
    },
  );
});
