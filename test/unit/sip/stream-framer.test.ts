import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAX_MESSAGE_BYTES, SipFramingError, StreamFramer } from '../../../src/embedded/sip/stream-framer.ts';

const message = (n: number, body = ''): string =>
  `OPTIONS sip:${n} SIP/2.0\r\nl: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const push = (framer: StreamFramer, text: string): string[] =>
  framer.push(Buffer.from(text)).map((raw) => raw.toString());

test('however a stream is cut, the messages are the same', () => {
  const bodies = fc.array(fc.string({ unit: 'binary', maxLength: 30 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(bodies, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (texts, sizes) => {
      const messages = texts.map((body, n) => message(n, body));
      const stream = Buffer.from(messages.join('\r\n\r\n'));
      const framer = new StreamFramer();
      const found: string[] = [];
      for (let at = 0, n = 0; at < stream.length; n += 1) {
        const size = sizes[n % sizes.length] ?? 1;
        found.push(...framer.push(stream.subarray(at, at + size)).map((raw) => raw.toString()));
        at += size;
      }
      expect(found).toEqual(messages);
    }),
  );
});

test('keep-alives between messages are counted as pings', () => {
  const framer = new StreamFramer();
  expect(push(framer, `\r\n\r\n${message(1)}\r\n\r\n`)).toEqual([message(1)]);
  expect(framer.pings).toBe(2);
});

test('64 KiB are read, more is refused', () => {
  const overhead = Buffer.byteLength(message(1, 'x'.repeat(65_000))) - 65_000;
  const largest = message(1, 'x'.repeat(MAX_MESSAGE_BYTES - overhead));
  expect(push(new StreamFramer(), largest)).toEqual([largest]);
  expect(() => push(new StreamFramer(), message(1, 'x'.repeat(MAX_MESSAGE_BYTES)))).toThrow(SipFramingError);
  expect(() => push(new StreamFramer(), 'x'.repeat(MAX_MESSAGE_BYTES + 1))).toThrow(SipFramingError);
});

test('an unreadable Content-Length is refused', () => {
  expect(() => push(new StreamFramer(), 'OPTIONS x SIP/2.0\r\nContent-Length: -5\r\n\r\n')).toThrow(SipFramingError);
});
