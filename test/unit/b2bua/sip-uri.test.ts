import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { displayText, parseNameAddr, parseSipUri, splitList, userOf } from '../../../src/b2bua/sip-uri.ts';

describe('a SIP URI', () => {
  it('has user, host, port and parameters', () => {
    expect(parseSipUri('sip:ann:secret@PBX.example:5070;transport=tcp;lr?x=y')).toEqual({
      scheme: 'sip',
      user: 'ann',
      host: 'pbx.example',
      port: 5070,
      params: new Map([
        ['transport', 'tcp'],
        ['lr', ''],
      ]),
    });
    expect(parseSipUri('sips:[2001:db8::1]:5061')).toMatchObject({
      scheme: 'sips',
      host: '[2001:db8::1]',
      port: 5061,
      user: undefined,
    });
    expect(parseSipUri('http://x')).toBeUndefined();
    expect(parseSipUri('sip:')).toBeUndefined();
  });

  it.each([
    ['sip:5001@x', '5001'],
    ['sip:+49%2030@x', '+49 30'],
    ['sip:5001;isub=1@x', '5001'],
    ['sip:%ff@x', '%ff'],
    ['tel:+4930;phone-context=x', '+4930'],
    ['sip:x', undefined],
    ['', undefined],
  ])('%s is for %s', (uri, user) => {
    expect(userOf(uri)).toBe(user);
  });
});

describe('a name-addr', () => {
  it('keeps what belongs to the header apart from what belongs to the URI', () => {
    const named = parseNameAddr('"A, <B>" <sip:a@x;lr>;expires=60;q="0.5"');
    expect(named).toMatchObject({ display: '"A, <B>"', uri: 'sip:a@x;lr' });
    expect([...(named?.params ?? [])]).toEqual([
      ['expires', '60'],
      ['q', '0.5'],
    ]);
    expect(parseNameAddr('sip:a@x;tag=1')).toMatchObject({ uri: 'sip:a@x', params: new Map([['tag', '1']]) });
    expect(parseNameAddr('')).toBeUndefined();
    expect(displayText('"A \\"B\\""')).toBe('A "B"');
    expect(displayText(undefined)).toBeUndefined();
  });

  it('is one of a list; commas in quotes and brackets do not count', () => {
    expect(splitList('"a,b" <sip:x@y;z=1,2>, <sip:c>;q=1,sip:d')).toEqual([
      '"a,b" <sip:x@y;z=1,2>',
      '<sip:c>;q=1',
      'sip:d',
    ]);
  });

  it('never throws, whatever it is', () => {
    const parts = fc.array(fc.constantFrom('<', '>', '"', '\\', ';', '=', ',', ' ', 'sip:', '@', '%', 'a', ':', '['));
    fc.assert(
      fc.property(parts, (pieces) => {
        const text = pieces.join('');
        for (const each of splitList(text)) parseNameAddr(each);
        userOf(parseNameAddr(text)?.uri ?? text);
      }),
    );
  });
});
