import { describe, expect, it } from 'vitest';
import {
  contentOf,
  fromOf,
  headersOfEnd,
  headersOfInvite,
  headersOfResponse,
  unsupported,
} from '../../../src/b2bua/headers.ts';
import { message } from './message.ts';

describe('what passes from one leg to the other', () => {
  const asserted = {
    'p-asserted-identity': '<sip:1@x>',
    Diversion: '<sip:2@x>',
    'history-info': '<sip:3@x>;index=1',
    'remote-party-id': '<sip:4@x>',
  };
  const harmless = { 'user-to-user': '00', 'X-Case': '1', 'x-lower': '2', 'alert-info': '<x>', privacy: 'id' };

  it('is who calls, from those who may say so, and what for', () => {
    const invite = message({
      ...asserted,
      ...harmless,
      via: 'v',
      'call-id': 'c',
      route: 'r',
      authorization: 'a',
      'X-Earpiece-Loop': 'l',
    });
    expect(headersOfInvite(invite, true)).toEqual({ ...asserted, ...harmless, Allow: expect.any(String) as string });
    expect(headersOfInvite(invite, false)).toEqual({ ...harmless, Allow: expect.any(String) as string });
  });

  it('is no extension that we cannot keep up', () => {
    const invite = message({ supported: 'timer, replaces,100rel, Histinfo', require: 'timer, gruu' });
    expect(headersOfInvite(invite, true)['Supported']).toBe('timer, histinfo');
    expect(unsupported(invite)).toBe('gruu');
    expect(unsupported(message({}))).toBeUndefined();
  });

  it('is what the callee says, and why a leg ends', () => {
    const told = { reason: 'Q.850;cause=17', warning: '399 x "y"', 'X-Why': 'z', 'retry-after': '3' };
    expect(
      headersOfResponse(message({ ...told, server: 's', contact: '<sip:secret>', 'www-authenticate': 'w' })),
    ).toEqual(told);
    expect(headersOfEnd(message({ reason: 'r', 'X-Why': 'z', route: 'x' }))).toEqual({ reason: 'r', 'X-Why': 'z' });
  });

  it('is digits with their kind', () => {
    expect(contentOf(message({ 'content-type': 'application/dtmf', cseq: '1 INFO' }, '5'))).toEqual({
      headers: { 'content-type': 'application/dtmf' },
      body: '5',
    });
  });
});

describe('the name of the caller', () => {
  it.each([
    ['"Ann \\"A\\" Müller" <sip:ann@pbx>;tag=1', '"Ann \\"A\\" Müller" <sip:ann@localhost>'],
    ['sip:ann@pbx;tag=1', '<sip:ann@localhost>'],
    ['Anonymous <sip:anonymous@anonymous.invalid>;tag=1', 'Anonymous <sip:anonymous@anonymous.invalid>'],
    ['<tel:+49301234;phone-context=x>;tag=1', '<sip:+49301234@localhost>'],
    ['<sip:pbx.example>;tag=1', '<sip:anonymous@localhost>'],
    ['', '<sip:anonymous@localhost>'],
  ])('%s becomes %s', (from, expected) => {
    expect(fromOf(message({ from }))).toBe(expected);
  });
});
