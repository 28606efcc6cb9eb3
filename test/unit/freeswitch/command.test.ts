import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CommandReader } from '../../../src/embedded/freeswitch/eventsocket/command.ts';

const STREAM =
  'auth ClueCon\n\n' +
  'event json HEARTBEAT CUSTOM conference::maintenance\n\n' +
  '\n\r\napi conference c1 list\r\n\r\n' +
  'sendmsg 1234\nexecute-app-name: set\nexecute-app-arg: a=b: c\ncall-command: execute\nEvent-UUID: 99\n\n' +
  'sendevent CUSTOM\nEvent-Subclass: a::b\nContent-Length: 6\n\ngrün\n' +
  'connect\n\n';

const read = (...chunks: Buffer[]) => {
  const reader = new CommandReader();
  return chunks.flatMap((chunk) => reader.push(chunk));
};

describe('commands', () => {
  test('are a verb, an argument, headers and a body', () => {
    const commands = read(Buffer.from(STREAM));
    expect(commands.map(({ verb, argument }) => `${verb}|${argument}`)).toEqual([
      'auth|ClueCon',
      'event|json HEARTBEAT CUSTOM conference::maintenance',
      'api|conference c1 list',
      'sendmsg|1234',
      'sendevent|CUSTOM',
      'connect|',
    ]);
    expect(commands[3]?.headers.get('execute-app-arg')).toBe('a=b: c');
    expect(commands[4]?.body).toBe('grün\n');
  });

  test('come out the same however the stream is cut', () => {
    const bytes = Buffer.from(STREAM);
    const whole = read(bytes);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 20 }), (cuts) => {
        const ends = [...cuts.toSorted((a, b) => a - b), bytes.length];
        const chunks = ends.map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end));
        expect(read(...chunks)).toEqual(whole);
      }),
    );
  });

  test('that never end are not collected without limit', () => {
    expect(() => read(Buffer.alloc((1 << 20) + 1, 'x'))).toThrow(RangeError);
  });
});
