import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Origin } from '../../../src/b2bua/origin.ts';

const sdp = (who: string, version: number, port: number) =>
  `v=0\r\no=${who} ${version} IN IP4 10.0.0.1\r\ns=-\r\nm=audio ${port} RTP/AVP 0\r\n`;
const originOf = (text: string) => /^o=(\S+ \S+) (\d+)/m.exec(text)?.slice(1) ?? [];

describe('the o= line', () => {
  it('passes untouched, byte for byte, while one phone speaks', () => {
    const origin = new Origin();
    for (const each of [sdp('ann 1', 1, 1000), sdp('ann 1', 2, 1002), sdp('ann 1', 2, 1002), sdp('ann 1', 9, 1004)]) {
      expect(origin.speak(each)).toBe(each);
    }
  });

  it('stays that of the first with a rising version once somebody else speaks, also when the first comes back', () => {
    const origin = new Origin();
    origin.speak(sdp('ann 1', 7, 1000));
    expect(origin.speak(sdp('room 3', 1, 4000))).toBe(sdp('ann 1', 8, 4000));
    expect(origin.speak(sdp('room 3', 1, 4000))).toBe(sdp('ann 1', 8, 4000));
    expect(origin.speak(sdp('ann 1', 7, 1000))).toBe(sdp('ann 1', 9, 1000));
    expect(origin.speak(sdp('ann 1', 8, 1002))).toBe(sdp('ann 1', 10, 1002));
  });

  it('goes on above what a process that is gone may have said and not written down', () => {
    const origin = new Origin();
    expect(origin.resume(sdp('ann 1', 7, 1000))).toBe(sdp('ann 1', 7, 1000));
    const [who, version] = originOf(origin.speak(sdp('ann 1', 7, 1000)));
    expect(who).toBe('ann 1');
    expect(Number(version)).toBeGreaterThan(7 + 10);
  });

  it('takes versions of 64 bits', () => {
    const origin = new Origin();
    origin.speak(sdp('ann 1', 1, 1).replace(' 1 IN', ' 18446744073709551615 IN'));
    expect(origin.speak(sdp('room 1', 1, 2))).toContain('o=ann 1 18446744073709551616 IN IP4 10.0.0.1\r\n');
  });

  it('is one session with a version that never falls, and rises with every change (RFC 3264 section 8)', () => {
    const description = fc.record({
      who: fc.constantFrom('ann 1', 'bob 2'),
      version: fc.nat(5),
      port: fc.integer({ min: 1, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(description, { minLength: 1 }), (said) => {
        const origin = new Origin();
        const sent = said.map(({ who, version, port }) => origin.speak(sdp(who, version, port)));
        for (const [n, text] of sent.entries()) {
          const before = sent[n - 1];
          const [who, version] = originOf(text);
          expect(who).toBe(said[0]?.who);
          if (before === undefined) continue;
          const step = Number(version) - Number(originOf(before)[1]);
          expect(step).toBeGreaterThanOrEqual(0);
          if (step === 0 && said.some((each) => each.who !== said[0]?.who)) continue;
          expect(text.replace(/^o=.*$/m, '')).toBe(sdp('', 0, said[n]?.port ?? 0).replace(/^o=.*$/m, ''));
        }
      }),
    );
  });
});
