import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { conferenceName, readConferenceName } from '../../../src/media/conference-name.ts';

describe('the name of a conference', () => {
  it('means nothing but itself to FreeSWITCH', () => {
    const name = conferenceName({ instance: 'beef', callId: 'a b@c+d{e}|f', suffix: '1' });
    expect(name).toBe('earpiece-beef-a_b_c_d_e__f-1');
  });

  it('says whose room it is, whatever the id of the call', () => {
    const hex = fc.stringMatching(/^[0-9a-f]{1,8}$/);
    const callId = fc.stringMatching(/^[A-Za-z0-9.-]{1,40}$/);
    fc.assert(
      fc.property(hex, callId, hex, (instance, callId, suffix) => {
        const room = { instance, callId, suffix };
        expect(readConferenceName(conferenceName(room))).toEqual(room);
      }),
    );
  });

  it.each(['3000', 'earpiece', 'earpiece-beef-1', 'earpiece-other-call-12', 'my-earpiece-beef-call-12'])(
    'is not read out of %s',
    (name) => {
      expect(readConferenceName(name)).toBeUndefined();
    },
  );
});
