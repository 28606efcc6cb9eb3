import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeHeaderValue, SwitchEvent } from '../../../src/embedded/freeswitch/event.ts';

describe('plain events', () => {
  test.each([
    ['fd00::2', 'fd00%3A%3A2'],
    ['2026-11-22 17:06:52', '2026-11-22%2017%3A06%3A52'],
    ['Sun, 22 Nov 2026 17:06:52 GMT', 'Sun,%2022%20Nov%202026%2017%3A06%3A52%20GMT'],
    ['sofia/drachtio_mrf/nobody@127.0.0.1:5060', 'sofia/drachtio_mrf/nobody%40127.0.0.1%3A5060'],
    ['tone_stream://%(200,0,500)', 'tone_stream%3A//%25(200,0,500)'],
    ['1.10.12-release~64bit', '1.10.12-release~64bit'],
    ['+OK\n', '%2BOK%0A'],
    ['<sip:a@b>;tag=1', '%3Csip%3Aa%40b%3E%3Btag%3D1'],
    ['v=0\r\n', 'v%3D0%0D%0A'],
  ])('encode %j as FreeSWITCH 1.10.12 does', (value, encoded) => {
    expect(encodeHeaderValue(value)).toBe(encoded);
  });

  test('are read back by any client: nothing but one line a header, and the value survives', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        const encoded = encodeHeaderValue(value);
        expect(encoded).toMatch(/^[\x21-\x7e]*$/);
        expect(decodeURIComponent(encoded)).toBe(Buffer.from(value).toString());
      }),
    );
  });

  test('keep the order of their headers and end with an empty line, or with the body', () => {
    const event = new SwitchEvent('CUSTOM', 'a::b').set('Second', 2).set('Third', 'x y');
    expect(event.toPlain()).toBe('Event-Subclass: a%3A%3Ab\nEvent-Name: CUSTOM\nSecond: 2\nThird: x%20y\n\n');
    expect(event.setBody('grün').toPlain()).toMatch(/\nContent-Length: 5\n\ngrün$/);
  });

  test('write arrays as FreeSWITCH does', () => {
    const event = new SwitchEvent('X').set('variable_DP_MATCH', ['a', 'b']);
    expect(event.toPlain()).toContain('variable_DP_MATCH: ARRAY%3A%3Aa%7C%3Ab\n');
    expect(JSON.parse(event.toJson())).toMatchObject({ variable_DP_MATCH: ['a', 'b'] });
  });
});

test('JSON events carry the body and its length in bytes', () => {
  expect(JSON.parse(new SwitchEvent('X').setBody('grün').toJson())).toEqual({
    'Event-Name': 'X',
    'Content-Length': '5',
    _body: 'grün',
  });
});

test('a header set after the event was written is written too', () => {
  const event = new SwitchEvent('X');
  event.toJson();
  event.toPlain();
  event.set('Late', 'yes');
  expect(event.toJson()).toContain('"Late":"yes"');
  expect(event.toPlain()).toContain('Late: yes\n');
});

test('headers are found whatever their case', () => {
  expect(new SwitchEvent('X').set('Unique-ID', '1').get('unique-id')).toBe('1');
  expect(new SwitchEvent('X').get('unique-id')).toBeUndefined();
});
