import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type LocalMedia, negotiate, offer } from '../../../src/embedded/freeswitch/sip/sdp.ts';

const LOCAL: LocalMedia = { address: '192.0.2.1', port: 30_000, sessionId: 7, version: 8 };

const HEAD = 'v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n';
const audio = (...lines: string[]): string => `${HEAD}${lines.map((line) => `${line}\r\n`).join('')}`;
const agreed = (text: string) => {
  const result = negotiate(text, LOCAL);
  if (result.kind !== 'agreed') throw new Error(result.kind);
  return result;
};

describe('codecs', () => {
  test.each([
    ['m=audio 4000 RTP/AVP 0', { name: 'PCMU', payloadType: 0 }],
    ['m=audio 4000 RTP/AVP 8 0', { name: 'PCMA', payloadType: 8 }],
    ['m=audio 4000 RTP/AVP 18 9 8', { name: 'PCMA', payloadType: 8 }],
    ['m=audio 4000 RTP/AVPF 0', { name: 'PCMU', payloadType: 0 }],
  ])('%s', (line, codec) => {
    expect(agreed(audio(line)).media.codec).toEqual(codec);
  });

  test('a static type that is given another meaning has that meaning', () => {
    expect(negotiate(audio('m=audio 4000 RTP/AVP 0', 'a=rtpmap:0 OPUS/48000/2'), LOCAL).kind).toBe('unacceptable');
  });

  test('dynamic types of ours count', () => {
    const { media, answer } = agreed(
      audio('m=audio 4000 RTP/AVP 96 97', 'a=rtpmap:96 opus/48000/2', 'a=rtpmap:97 pcma/8000'),
    );
    expect(media.codec).toEqual({ name: 'PCMA', payloadType: 97 });
    expect(answer).toContain('m=audio 30000 RTP/AVP 97\r\na=rtpmap:97 PCMA/8000');
  });

  test('telephone-event keeps the number it was offered under; at 48 kHz it is none of ours', () => {
    const lines = [
      'm=audio 4000 RTP/AVP 0 101 110',
      'a=rtpmap:110 telephone-event/48000',
      'a=rtpmap:101 telephone-event/8000',
    ];
    const { media, answer } = agreed(audio(...lines));
    expect(media.telephoneEvent).toBe(101);
    expect(answer).toContain('m=audio 30000 RTP/AVP 0 101\r\n');
    expect(answer).toContain('a=fmtp:101 0-15');
    expect(agreed(audio('m=audio 4000 RTP/AVP 0')).media.telephoneEvent).toBeUndefined();
  });
});

describe('direction', () => {
  test.each([
    ['', 'sendrecv', false],
    ['a=sendrecv', 'sendrecv', false],
    ['a=sendonly', 'recvonly', true],
    ['a=recvonly', 'sendonly', false],
    ['a=inactive', 'inactive', true],
  ])('%s is answered %s', (line, direction, held) => {
    const result = agreed(audio('m=audio 4000 RTP/AVP 0', ...(line ? [line] : [])));
    expect(result.media.direction).toBe(direction);
    expect(result.answer).toContain(`a=${direction}\r\n`);
    expect(result.held).toBe(held);
  });

  test('of the session counts where the stream has none of its own', () => {
    expect(agreed(`${HEAD}a=inactive\r\nm=audio 4000 RTP/AVP 0\r\n`).media.direction).toBe('inactive');
    expect(agreed(`${HEAD}a=inactive\r\nm=audio 4000 RTP/AVP 0\r\na=sendrecv\r\n`).media.direction).toBe('sendrecv');
  });

  test('0.0.0.0 is a hold: nothing is sent', () => {
    const { media } = agreed(audio('m=audio 4000 RTP/AVP 0', 'c=IN IP4 0.0.0.0'));
    expect(media.direction).toBe('recvonly');
    expect(media.remote).toBeUndefined();
  });

  test('our own address is nobody to talk to', () => {
    expect(agreed(audio('m=audio 30000 RTP/AVP 0', 'c=IN IP4 192.0.2.1')).media.direction).toBe('inactive');
  });
});

describe('addresses', () => {
  test('of the stream go before those of the session', () => {
    expect(agreed(audio('m=audio 4000 RTP/AVP 0', 'c=IN IP4 192.0.2.10')).media.remote).toEqual({
      address: '192.0.2.10',
      port: 4000,
    });
    expect(agreed(audio('m=audio 4000 RTP/AVP 0')).media.remote).toEqual({ address: '192.0.2.9', port: 4000 });
  });
});

describe('what is refused', () => {
  test.each([
    ['', 'broken'],
    ['hello', 'broken'],
    [HEAD, 'broken'],
    [audio('m=audio 4000 RTP/AVP 0').replace(/c=.*\r\n/, ''), 'broken'],
    [audio('m=audio 70000 RTP/AVP 0'), 'broken'],
    [audio('m=audio 4000 RTP/AVP 18'), 'unacceptable'],
    [audio('m=audio 0 RTP/AVP 0'), 'unacceptable'],
    [audio('m=audio 4000 RTP/SAVP 0'), 'unacceptable'],
    [audio('m=video 4000 RTP/AVP 96'), 'unacceptable'],
  ])('%j', (text, kind) => {
    expect(negotiate(text, LOCAL).kind).toBe(kind);
  });

  test('whatever comes, it is an answer and never an exception', () => {
    const line = fc.oneof(
      fc.string({ maxLength: 40 }),
      fc.constantFrom(
        ...audio('m=audio 4000 RTP/AVP 0 101', 'a=rtpmap:0 PCMU/8000', 'a=sendonly', 'c=IN IP4 x').split('\r\n'),
      ),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        expect(['agreed', 'broken', 'unacceptable']).toContain(negotiate(lines.join('\r\n'), LOCAL).kind);
      }),
    );
  });
});

test('an answer has as many streams as the offer, in its order, one of them ours', () => {
  const stream = fc.constantFrom(
    ['m=audio 4000 RTP/AVP 0 101'],
    ['m=audio 4002 RTP/AVP 18'],
    ['m=video 4004 RTP/AVP 96', 'a=rtpmap:96 H264/90000'],
    ['m=audio 4006 RTP/SAVP 0'],
    ['m=application 9 UDP/BFCP *'],
  );
  fc.assert(
    fc.property(fc.array(stream, { minLength: 1, maxLength: 6 }), (streams) => {
      const result = negotiate(audio(...streams.flat()), LOCAL);
      const ours = streams.findIndex(([line = '']) => line.includes('4000'));
      expect(result.kind).toBe(ours < 0 ? 'unacceptable' : 'agreed');
      if (result.kind !== 'agreed') return;
      const ports = Array.from(
        result.answer.matchAll(/^m=(\w+) (\d+)/gm),
        ([, type, port]) => `${type ?? ''} ${port ?? ''}`,
      );
      expect(ports).toEqual(
        streams.map(([line = ''], index) => `${/m=(\w+)/.exec(line)?.[1] ?? ''} ${index === ours ? '30000' : '0'}`),
      );
    }),
  );
});

test('our offer is plain RTP that we would accept ourselves', () => {
  const text = offer(LOCAL);
  expect(text).toContain('m=audio 30000 RTP/AVP 0 8 101\r\n');
  expect(text).toContain('o=FreeSWITCH 7 8 IN IP4 192.0.2.1\r\n');
  const theirs = { ...LOCAL, port: 30_002 };
  expect(negotiate(text, theirs)).toMatchObject({
    kind: 'agreed',
    media: { codec: { name: 'PCMU', payloadType: 0 }, telephoneEvent: 101, direction: 'sendrecv' },
  });
});

test('an address that is a name is none we can send to', () => {
  expect(negotiate(audio('m=audio 4000 RTP/AVP 0', 'c=IN IP4 media.example.com'), LOCAL).kind).toBe('unacceptable');
});
