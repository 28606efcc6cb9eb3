import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatNameAddr,
  formatUri,
  formatVia,
  parseCSeq,
  parseNameAddr,
  parseUri,
  parseVia,
  splitList,
  tagOf,
  withoutTag,
} from '../../../src/embedded/sip/address.ts';
import { SipParseError } from '../../../src/embedded/sip/parse-error.ts';

describe('URI', () => {
  test.each([
    'sip:alice@example.com',
    'sip:example.com:5070',
    'sips:alice:secret@example.com:5061;transport=tcp;lr?subject=x&to=y',
    'sip:+1-212-555;phone-context=x@gw.example;user=phone',
    'sip:a;b=c?d=e@host.example;p=1',
    'sip:alice@[2001:db8::1]:5060;transport=udp',
    'tel:+49301234;ext=5',
  ])('%s stays the same', (text) => {
    expect(formatUri(parseUri(text))).toBe(text);
  });

  test('its parts', () => {
    const uri = parseUri('SIP:Alice:pw@Example.COM:5070;Transport=TCP;lr?h=v');
    expect(uri).toMatchObject({
      scheme: 'sip',
      user: 'Alice',
      password: 'pw',
      host: 'example.com',
      port: 5070,
      headers: 'h=v',
    });
    expect([...uri.params]).toEqual([
      ['transport', 'TCP'],
      ['lr', ''],
    ]);
  });

  test.each([
    ['', 400],
    ['nonsense', 400],
    ['sip:', 400],
    ['sip:a@', 400],
    ['sip:a b@c', 400],
    ['sip:a@h:99999', 400],
    ['sip:a@h:x', 400],
    ['sip:[::1', 400],
    ['http://x', 416],
    ['mailto:a@b', 416],
  ])('%j is refused with %i', (text, status) => {
    expect(() => parseUri(text)).toThrow(expect.objectContaining({ name: 'SipParseError', status }) as Error);
  });
});

describe('address', () => {
  test.each([
    ['<sip:a@b>', undefined, 'sip:a@b', ''],
    ['sip:a@b;tag=1', undefined, 'sip:a@b', '1'],
    ['Alice <sip:a@b;x=y>;tag=2;z', 'Alice', 'sip:a@b;x=y', '2'],
    ['"A \\"B\\" <c>, d;tag=no" <sip:a@b>;TAG=3', 'A "B" <c>, d;tag=no', 'sip:a@b', '3'],
    ['  "" <sip:a@b>  ; tag = 4 ', '', 'sip:a@b', '4'],
  ])('%s', (value, displayName, uri, tag) => {
    const address = parseNameAddr(value);
    expect([address.displayName, address.uri, tagOf(value)]).toEqual([displayName, uri, tag]);
    expect(parseNameAddr(formatNameAddr(address))).toEqual(address);
  });

  test.each([['"open <sip:a@b>'], ['<sip:a@b'], ['<>'], [''], ['"x"'], ['sip:a b']])('%j is refused', (value) => {
    expect(() => parseNameAddr(value)).toThrow(SipParseError);
  });

  test('without its tag', () => {
    expect(withoutTag('"A" <sip:a@b>;x=1;tag=9')).toBe('"A" <sip:a@b>;x=1');
    expect(withoutTag('sip:a@b;tag=9')).toBe('<sip:a@b>');
  });

  test('lists are split outside quotes and brackets', () => {
    expect(splitList('<sip:a,b@c>, "x, y" <sip:d> ,sip:e')).toEqual(['<sip:a,b@c>', '"x, y" <sip:d>', 'sip:e']);
  });
});

test('Via with blanks, ports and flags', () => {
  const via = parseVia('SIP / 2.0 / udp  [::1]:5070 ; branch=z9hG4bK1 ;rport');
  expect(via).toMatchObject({ transport: 'UDP', host: '::1', port: 5070 });
  expect(formatVia(via)).toBe('SIP/2.0/UDP [::1]:5070;branch=z9hG4bK1;rport');
  for (const bad of ['', 'SIP/2.0', 'SIP/2.0/UDP', 'SIP/2.0/UDP ;x', 'UDP host']) {
    expect(() => parseVia(bad), bad).toThrow(SipParseError);
  }
});

test('CSeq fits in 31 bits', () => {
  expect(parseCSeq('2147483647  INVITE')).toEqual({ number: 2_147_483_647, method: 'INVITE' });
  for (const bad of ['', '1', 'INVITE', '2147483648 INVITE', '-1 INVITE', '1.5 INVITE', '99999999999 INVITE']) {
    expect(() => parseCSeq(bad), bad).toThrow(SipParseError);
  }
});

test('whatever the text, the outcome is a value or a SipParseError', () => {
  const pieces = fc.constantFrom(
    '<',
    '>',
    '"',
    ';',
    ',',
    '=',
    ':',
    '@',
    '[',
    ']',
    ' ',
    '\t',
    '\\',
    'sip:',
    'tag',
    'a',
    '1',
  );
  const texts = fc
    .array(fc.oneof(pieces, fc.string({ maxLength: 3 })), { maxLength: 20 })
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(texts, (text) => {
      for (const parse of [parseUri, parseNameAddr, parseVia, parseCSeq, tagOf, splitList]) {
        try {
          parse(text);
        } catch (error) {
          expect(error).toBeInstanceOf(SipParseError);
        }
      }
    }),
    { numRuns: 2000 },
  );
});

test('parsing takes linear time', () => {
  const long = `"${'\\"'.repeat(30_000)}" <sip:${'a'.repeat(30_000)}@b${';x=y'.repeat(10_000)}>;tag=1`;
  expect(tagOf(long)).toBe('1');
});
