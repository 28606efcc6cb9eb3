import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  parseDraft,
  parseMessage,
  responseTo,
  serializeMessage,
  type SipRequest,
} from '../../../src/embedded/sip/message.ts';
import { SipParseError } from '../../../src/embedded/sip/parse-error.ts';

const lines = (...text: string[]): string => text.join('\r\n');
const head = [
  'INVITE sip:bob@example.com SIP/2.0',
  'Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK1;rport',
  'Max-Forwards: 70',
  'From: "Ann" <sip:ann@example.com>;tag=1',
  'To: <sip:bob@example.com>',
  'Call-ID: one@example',
  'CSeq: 7 INVITE',
];
const invite = (more: readonly string[] = [], body = ''): string => lines(...head, ...more, '', body);
const request = (text: string): SipRequest => {
  const message = parseMessage(text);
  if (message.kind !== 'request') throw new Error('not a request');
  return message;
};
const refusal = (text: string | Uint8Array): SipParseError => {
  try {
    parseMessage(text);
  } catch (error) {
    if (error instanceof SipParseError) return error;
    throw error;
  }
  throw new Error(`parsed: ${String(text)}`);
};

describe('what is read', () => {
  test('a request with a body in UTF-8, measured in bytes', () => {
    const message = request(invite(['Content-Length: 6'], 'zäöx and more'));
    expect(message).toMatchObject({ method: 'INVITE', uri: 'sip:bob@example.com', body: 'zäöx' });
    expect(serializeMessage(message)).toContain('\r\nContent-Length: 6\r\n\r\nzäöx');
  });

  test('a response, with a reason of several words or none', () => {
    const rest = head.slice(1);
    expect(parseMessage(lines('SIP/2.0 404 Not Found Here', ...rest, '', ''))).toMatchObject({
      status: 404,
      reason: 'Not Found Here',
    });
    for (const start of ['SIP/2.0 200', 'SIP/2.0 200 ']) {
      expect(parseMessage(lines(start, ...rest, '', ''))).toMatchObject({ status: 200, reason: '' });
    }
  });

  test('compact names, folded lines, blanks before the colon', () => {
    const text = lines(
      'OPTIONS sip:b@c SIP/2.0',
      'v : SIP/2.0/UDP a;branch=z9hG4bK1',
      'f: <sip:a@b>',
      ' ;tag=2',
      't: <sip:b@c>',
      'i: x',
      'cseq: 1',
      '\tOPTIONS',
      'l: 0',
      '',
      '',
    );
    const { headers } = request(text);
    expect([headers.get('via'), headers.get('From'), headers.get('CSeq')]).toEqual([
      'SIP/2.0/UDP a;branch=z9hG4bK1',
      '<sip:a@b> ;tag=2',
      '1 OPTIONS',
    ]);
  });

  test('an unknown method and unknown headers', () => {
    const text = invite(['X-Odd:  value: with: colons ']).replaceAll('INVITE', '!interesting-Method0123456789_*+`.%');
    expect(request(text).headers.get('x-odd')).toBe('value: with: colons');
  });

  test('nothing after Content-Length', () => {
    expect(request(invite(['Content-Length: 0'], 'ghost')).body).toBe('');
  });
});

describe('what is refused, in the spirit of RFC 4475', () => {
  test.each<[string, string, number]>([
    ['a foreign version', invite().replace('SIP/2.0\r', 'SIP/7.0\r'), 505],
    ['no version', invite().replace(' SIP/2.0\r', '\r'), 400],
    ['a request-URI in brackets', invite().replace('sip:bob@example.com SIP', '<sip:bob@example.com> SIP'), 400],
    ['blanks in the request-URI', invite().replace('sip:bob@example.com SIP', 'sip:bob@example.com; lr SIP'), 400],
    ['a body that is too short', invite(['Content-Length: 9'], 'short'), 400],
    ['a negative Content-Length', invite(['Content-Length: -1']), 400],
    ['two different Content-Lengths', invite(['Content-Length: 0', 'Content-Length: 1'], 'x'), 400],
    ['CSeq of another method', invite().replace('7 INVITE', '7 OPTIONS'), 400],
    ['a CSeq beyond 31 bits', invite().replace('7 INVITE', '36893488147419103232 INVITE'), 400],
    ['an unclosed quote in To', invite().replace('To: <sip:bob@example.com>', 'To: "Bob <sip:bob@example.com>'), 400],
    ['an unclosed bracket in From', invite().replace('<sip:ann@example.com>', '<sip:ann@example.com'), 400],
    ['two Froms', invite(['From: <sip:x@y>;tag=2']), 400],
    ['two Call-IDs', invite(['i: again']), 400],
    ['a line that is no header', invite(['no colon here']), 400],
    ['a header name with a blank', invite(['Two Words: x']), 400],
    ['a bare line feed in a header', invite(['X: a\nb']), 400],
    ['a Via port out of range', invite().replace('127.0.0.1:5070', '127.0.0.1:507000'), 400],
  ])('%s', (_, text, status) => {
    const error = refusal(text);
    expect(error.status).toBe(status);
    expect(error.partial?.headers.get('call-id')).toBe('one@example');
  });

  test.each(['Via', 'Call-ID', 'CSeq'])('without %s there is nobody to answer', (name) => {
    const text = invite().replace(new RegExp(`${name}:.*\r\n`), '');
    expect(refusal(text).partial).toBeUndefined();
  });

  test.each(['From', 'To'])('without %s it can still be answered', (name) => {
    const text = invite().replace(new RegExp(`${name}:.*\r\n`), '');
    const { partial } = refusal(text);
    expect(partial && responseTo(partial, 400).status).toBe(400);
  });

  test('a broken ACK or response is never answered', () => {
    expect(refusal(invite(['no header']).replaceAll('INVITE', 'ACK')).partial).toBeUndefined();
    expect(refusal(lines('SIP/2.0 999 X', ...head.slice(1), '', '')).partial).toBeUndefined();
    expect(refusal(lines('SIP/2.0 20 OK', ...head.slice(1), '', '')).partial).toBeUndefined();
  });
});

describe('whatever comes', () => {
  const survives = (input: string | Uint8Array): void => {
    try {
      const message = parseMessage(input);
      const text = serializeMessage(message);
      expect(serializeMessage(parseMessage(text))).toBe(text);
    } catch (error) {
      expect(error).toBeInstanceOf(SipParseError);
      if (error instanceof SipParseError && error.partial !== undefined) {
        serializeMessage(responseTo(error.partial, error.status));
      }
    }
  };

  test('random bytes are refused as SipParseError', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), survives), { numRuns: 1000 });
  });

  test('mutated messages are refused as such, or are stable', () => {
    const original = Buffer.from(invite(['Contact: <sip:a@b>', 'Content-Length: 4'], 'body'));
    const edit = fc.record({
      at: fc.nat(original.length),
      drop: fc.nat(6),
      put: fc.oneof(
        fc.uint8Array({ maxLength: 4 }),
        fc
          .constantFrom('\r\n', '\r\n\r\n', '"', '<', '>', ';', ':', ',', '\0', '%00', '  ')
          .map((text) => Buffer.from(text)),
      ),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 5 }), (edits) => {
        let bytes = original;
        for (const { at, drop, put } of edits) {
          bytes = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + drop)]);
        }
        survives(bytes);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('responses', () => {
  test('copy what RFC 3261 8.2.6 wants, and Record-Route into 1xx and 2xx only', () => {
    const message = request(
      invite(['Via: SIP/2.0/UDP second', 'Record-Route: <sip:p;lr>', 'Record-Route: <sip:q;lr>']),
    );
    const ok = responseTo(message, 200, undefined, { toTag: 'new', headers: { Contact: '<sip:me>' }, body: 'x' });
    expect(ok.reason).toBe('OK');
    expect(ok.headers.getAll('via')).toEqual([message.headers.get('via'), 'SIP/2.0/UDP second']);
    expect(ok.headers.getAll('record-route')).toEqual(['<sip:p;lr>', '<sip:q;lr>']);
    expect(ok.headers.get('to')).toBe('<sip:bob@example.com>;tag=new');
    expect(responseTo(message, 486).headers.has('record-route')).toBe(false);
    const tagged = request(invite().replace('To: <sip:bob@example.com>', 'To: <sip:bob@example.com>;tag=old'));
    expect(responseTo(tagged, 200, 'OK', { toTag: 'new' }).headers.get('to')).toContain('tag=old');
  });
});

test('a draft needs no more than a start line; its body is the rest', () => {
  expect(parseDraft('BYE sip:placeholder SIP/2.0')).toMatchObject({ method: 'BYE', body: '' });
  const draft = parseDraft('SIP/2.0 200 OK\r\ncontact: <sip:a>\r\nContent-Length: 99\r\n\r\nv=0\r\n');
  expect([draft.kind, draft.headers.get('Contact'), draft.body]).toEqual(['response', '<sip:a>', 'v=0\r\n']);
  for (const bad of ['', 'nonsense', 'BYE sip:x SIP/2.0\r\nno header\r\n\r\n'])
    expect(() => parseDraft(bad)).toThrow(SipParseError);
});
