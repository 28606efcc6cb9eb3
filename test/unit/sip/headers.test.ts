import { expect, test } from 'vitest';
import { SipHeaders } from '../../../src/embedded/sip/headers.ts';
import { headerKey, usualSpelling } from '../../../src/embedded/sip/header-names.ts';

const sample = (): SipHeaders => {
  const headers = new SipHeaders();
  for (const [name, value] of [
    ['Via', 'one'],
    ['v', 'two'],
    ['FROM', 'me'],
    ['X-Thing', 'kept'],
    ['VIA', 'three'],
  ] as const) {
    headers.append(name, value);
  }
  return headers;
};

test.each([
  ['v', 'via'],
  ['f', 'from'],
  ['t', 'to'],
  ['i', 'call-id'],
  ['m', 'contact'],
  ['l', 'content-length'],
  ['c', 'content-type'],
  ['k', 'supported'],
  ['s', 'subject'],
  ['e', 'content-encoding'],
  ['o', 'event'],
  ['r', 'refer-to'],
  ['x', 'session-expires'],
  ['b', 'referred-by'],
  ['u', 'allow-events'],
  ['V', 'via'],
  ['CALL-id', 'call-id'],
  ['X-My', 'x-my'],
])('%s is %s', (name, key) => {
  expect(headerKey(name)).toBe(key);
});

test.each([
  ['cseq', 'CSeq'],
  ['call-id', 'Call-ID'],
  ['i', 'Call-ID'],
  ['www-authenticate', 'WWW-Authenticate'],
  ['x-odd', 'x-odd'],
])('%s is usually written %s', (name, spelling) => {
  expect(usualSpelling(name)).toBe(spelling);
});

test('names are compared without case and compact form, written as received', () => {
  const headers = sample();
  expect(headers.getAll('via')).toEqual(['one', 'two', 'three']);
  expect(headers.get('f')).toBe('me');
  expect(headers.has('x-THING')).toBe(true);
  expect([...headers.entries()].map(([name]) => name)).toEqual(['Via', 'v', 'FROM', 'X-Thing', 'VIA']);
});

test('set replaces all lines at the place of the first', () => {
  const headers = sample();
  headers.set('via', ['a', 'b']);
  expect([...headers.entries()]).toEqual([
    ['Via', 'a'],
    ['Via', 'b'],
    ['FROM', 'me'],
    ['X-Thing', 'kept'],
  ]);
  headers.set('From', 'you');
  expect(headers.get('from')).toBe('you');
  headers.set('To', 'new');
  expect(headers.get('to')).toBe('new');
  headers.set('via', []);
  expect(headers.has('via')).toBe(false);
});

test('prepend goes above its kind, replaceFirst leaves the others', () => {
  const headers = sample();
  headers.prepend('Via', 'zero');
  headers.replaceFirst('via', 'nought');
  expect(headers.getAll('via')).toEqual(['nought', 'one', 'two', 'three']);
});

test('a clone does not share', () => {
  const headers = sample();
  const copy = headers.clone();
  copy.delete('via');
  expect(headers.getAll('via')).toHaveLength(3);
  expect(copy.has('via')).toBe(false);
});
