import { describe, expect, it } from 'vitest';
import { LoopGuard } from '../../../src/b2bua/loop-guard.ts';
import { OfferRefused, refusalOfCall, refusalOfOffer, respond } from '../../../src/b2bua/responses.ts';
import { screen } from '../../../src/b2bua/screening.ts';
import { Sources } from '../../../src/b2bua/source.ts';
import { EarpieceError } from '../../../src/coaching/errors.ts';
import { message } from './message.ts';

const contact = { contact: '<sip:a@b>' };

describe('an INVITE', () => {
  it.each([
    [483, { ...contact, 'max-forwards': '0' }, ''],
    [400, { ...contact, 'max-forwards': 'many' }, ''],
    [400, {}, ''],
    [420, { ...contact, require: 'magic' }, ''],
    [415, { ...contact, 'content-type': 'text/plain' }, 'hello'],
    [400, { ...contact, 'content-type': 'application/sdp' }, 'hello'],
  ])('is refused with %i: %j %s', (status, headers: Record<string, string>, body) => {
    expect(screen(message(headers, body))).toMatchObject({ status });
  });

  it('may leave the offer to the other side', () => {
    expect(screen(message(contact))).toEqual({ offer: undefined });
  });

  it('is a loop when it comes back for the same number, not for another', () => {
    const [ours, theirs] = [new LoopGuard(), new LoopGuard()];
    const once = message(ours.mark(message({}), '5001'));
    const twice = message(theirs.mark(once, '5001'));
    expect([ours.isLoop(twice, '5001'), ours.isLoop(twice, '5002'), theirs.isLoop(once, '5001')]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe('the switch', () => {
  it('is known by address or network, with or without a port', () => {
    const sources = new Sources(['10.0.0.7', '10.1.0.0/16', '192.0.2.1:5070', '2001:db8::/32', '[::1]:5080']);
    expect(sources.has('10.0.0.7', 1)).toBe(true);
    expect(sources.has('10.0.0.8', 1)).toBe(false);
    expect(sources.has('10.1.2.3', 1)).toBe(true);
    expect([sources.has('192.0.2.1', 5070), sources.has('192.0.2.1', 5060)]).toEqual([true, false]);
    expect([sources.has('2001:db8::7', 1), sources.has('::1', 5080), sources.has('::1', 1)]).toEqual([
      true,
      true,
      false,
    ]);
    for (const wrong of ['pbx', '10.0.0.0/99', '300.1.1.1']) expect(() => new Sources([wrong])).toThrow(RangeError);
  });
});

describe('an error of the core in SIP', () => {
  it('refuses a call by its code', () => {
    const codes = ['invalid-request', 'forbidden', 'not-found', 'unavailable', 'timeout'] as const;
    expect(codes.map((code) => refusalOfCall(code).status)).toEqual([400, 403, 404, 480, 504]);
  });

  it('never ends a call whose media could not be changed', () => {
    const codes = ['invalid-state', 'unavailable', 'timeout', 'isolation-lost'] as const;
    expect(codes.map((code) => refusalOfOffer(new EarpieceError(code, '')).status)).toEqual([500, 488, 500, 500]);
    const passed = [400, 401, 407, 408, 415, 481, 488, 491, 603, 302].map(
      (status) => refusalOfOffer(new OfferRefused({ status })).status,
    );
    expect(passed).toEqual([400, 488, 488, 488, 415, 488, 488, 491, 603, 488]);
  });

  it('is sent as the first of its class where srf does not know the status', () => {
    const sent: number[] = [];
    const send = (status: number) => {
      if (status === 499) throw new Error('no such status');
      sent.push(status);
    };
    respond({ finalResponseSent: false, send }, { status: 499 });
    respond({ finalResponseSent: false, send }, { status: 486 });
    expect(sent).toEqual([400, 486]);
  });
});
