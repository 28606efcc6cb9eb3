import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DIRECTIONS, readAnyDescription, readDescription } from '../../../src/media/audio-description.ts';
import { AUDIO_ONLY, reversed, writeDescription } from '../../../src/media/audio-writer.ts';

const head = 'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n';
const sdp = (...lines: string[]) => [head.trimEnd(), ...lines, ''].join('\r\n');
const c = 'c=IN IP4 192.0.2.1';

describe('a session description', () => {
  it.each([
    ['static payload types without rtpmap', [c, 't=0 0', 'm=audio 4000 RTP/AVP 8 0'], { codec: 'PCMA' }],
    ['one format only', [c, 't=0 0', 'm=audio 4000 RTP/AVP 0'], { codec: 'PCMU', telephoneEvent: undefined }],
    ['codecs we do not speak before one we do', [c, 't=0 0', 'm=audio 4000 RTP/AVP 9 18 8 101'], { codec: 'PCMA' }],
    [
      'telephone events under another number',
      [c, 't=0 0', 'm=audio 4000 RTP/AVP 0 96', 'a=rtpmap:96 telephone-event/8000'],
      { telephoneEvent: 96 },
    ],
    [
      'telephone events for a wide codec only',
      [c, 't=0 0', 'm=audio 4000 RTP/AVP 0 96', 'a=rtpmap:96 telephone-event/48000'],
      { telephoneEvent: undefined },
    ],
    ['a direction of the session', [c, 't=0 0', 'a=sendonly', 'm=audio 4000 RTP/AVP 0'], { direction: 'sendonly' }],
    ['a direction of the stream', [c, 't=0 0', 'm=audio 4000 RTP/AVP 0', 'a=inactive'], { direction: 'inactive' }],
    [
      'an address of the stream',
      [c, 't=0 0', 'm=audio 4000 RTP/AVP 0', 'c=IN IP6 2001:db8::1'],
      { rtp: { family: 6, host: '2001:db8::1', port: 4000 } },
    ],
    ['hold as it was said of old', ['c=IN IP4 0.0.0.0', 't=0 0', 'm=audio 4000 RTP/AVP 0'], { direction: 'sendonly' }],
    [
      'hold of old on top of one-way audio',
      ['c=IN IP4 0.0.0.0', 't=0 0', 'm=audio 4000 RTP/AVP 0', 'a=recvonly'],
      { direction: 'inactive' },
    ],
    ['packets of 60 ms', [c, 't=0 0', 'm=audio 4000 RTP/AVP 0', 'a=ptime:60'], { ptime: 60 }],
    ['bare line feeds', [c, 't=0 0', 'm=audio 4000 RTP/AVP 0'], { codec: 'PCMU' }],
  ])('is read: %s', (_, lines, expected) => {
    expect(readDescription(sdp(...lines)).audio).toMatchObject(expected);
    expect(readDescription(sdp(...lines).replaceAll('\r', '')).audio).toMatchObject(expected);
  });

  it('is passed over to the first audio that we can take', () => {
    const { lines, audio } = readDescription(
      sdp(
        c,
        't=0 0',
        'm=video 4004 RTP/AVP 96',
        'm=audio 4000 RTP/SAVP 0',
        'm=audio 4002 RTP/AVP 0',
        'm=image 0 udptl t38',
      ),
    );
    expect(audio.rtp.port).toBe(4002);
    expect(lines.map(({ type, ours }) => `${type} ${ours}`)).toEqual([
      'video false',
      'audio false',
      'audio true',
      'image false',
    ]);
  });

  it.each([
    ['nothing', ''],
    ['something else', 'INVITE sip:a@b SIP/2.0'],
    ['no audio', sdp(c, 't=0 0', 'm=video 4000 RTP/AVP 96')],
    ['audio switched off', sdp(c, 't=0 0', 'm=audio 0 RTP/AVP 0')],
    ['encrypted audio', sdp(c, 't=0 0', 'm=audio 4000 RTP/SAVP 0')],
    ['no address', sdp('t=0 0', 'm=audio 4000 RTP/AVP 0')],
  ])('is refused: %s', (_, text) => {
    expect(() => readDescription(text)).toThrow(expect.objectContaining({ code: 'invalid-request' }));
  });

  it.each([
    ['G.722', ['m=audio 4000 RTP/AVP 9 18 101', 'a=rtpmap:101 telephone-event/8000'], 101],
    [
      'Opus',
      ['m=audio 4000 RTP/AVP 111 101', 'a=rtpmap:111 opus/48000/2', 'a=rtpmap:101 telephone-event/48000'],
      undefined,
    ],
  ])(
    'of a phone that speaks %s to somebody else is read, and refused as an answer to us',
    (_, media, telephoneEvent) => {
      const text = sdp(c, 't=0 0', ...media, 'a=ptime:40');
      const { audio, lines } = readAnyDescription(text);
      const rtp = { family: 4, host: '192.0.2.1', port: 4000 };
      expect(audio).toEqual({ rtp, direction: 'sendrecv', codec: undefined, telephoneEvent, ptime: 40 });
      expect(lines.map(({ ours }) => ours)).toEqual([true]);
      expect(() => readDescription(text)).toThrow(
        expect.objectContaining({ code: 'unavailable', message: 'the phone speaks none of PCMU, PCMA' }),
      );
    },
  );

  it('is taken for its second audio where only that has a codec of ours', () => {
    const text = sdp(c, 't=0 0', 'm=audio 4000 RTP/AVP 9', 'm=audio 4002 RTP/AVP 8');
    expect(readAnyDescription(text).audio).toMatchObject({ codec: 'PCMA', rtp: { port: 4002 } });
  });

  it('is never anything but read or refused, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.constantFrom('v=0', c, 'm=audio 1 RTP/AVP 0', 'a=ptime:x', 'm=audio'))),
        (lines) => {
          try {
            readDescription(lines.join('\r\n'));
          } catch (error) {
            expect(error).toMatchObject({ name: 'EarpieceError', code: 'invalid-request' });
          }
        },
      ),
    );
  });
});

describe('what is written', () => {
  const local = fc.record({
    rtp: fc.record({ family: fc.constant<4>(4), host: fc.ipV4(), port: fc.integer({ min: 1, max: 65535 }) }),
    direction: fc.constantFrom(...DIRECTIONS),
    codecs: fc.constantFrom<('PCMU' | 'PCMA')[][]>(['PCMU'], ['PCMA'], ['PCMA', 'PCMU']),
    telephoneEvent: fc.option(fc.integer({ min: 96, max: 127 }), { nil: undefined }),
    ptime: fc.constantFrom(10, 20, 30, 60),
    version: fc.nat(),
  });

  it('is what is read', () => {
    fc.assert(
      fc.property(local, (said) => {
        fc.pre(said.rtp.host !== '0.0.0.0');
        const { codecs, version, ...rest } = said;
        const text = writeDescription(said, AUDIO_ONLY);
        expect(readDescription(text).audio).toEqual({ ...rest, codec: codecs[0] });
        expect(text).toContain(`o=earpiece 1 ${version} `);
      }),
    );
  });

  it('has the lines of the peer in their order, and refuses all but ours', () => {
    const peer = sdp(
      c,
      't=0 0',
      'm=video 4004 RTP/AVP 96 97',
      'm=audio 4000 RTP/AVPF 8 0',
      'm=application 9 UDP/BFCP *',
    );
    const { lines } = readDescription(peer);
    const rtp = { family: 4, host: '192.0.2.9', port: 30000 } as const;
    const text = writeDescription(
      { rtp, direction: 'sendrecv', codecs: ['PCMA'], telephoneEvent: undefined, ptime: 20, version: 1 },
      lines,
    );
    expect(text.split('\r\n').filter((line) => line.startsWith('m='))).toEqual([
      'm=video 0 RTP/AVP 96 97',
      'm=audio 30000 RTP/AVPF 8',
      'm=application 0 UDP/BFCP *',
    ]);
  });

  it('turns directions round', () => {
    expect(DIRECTIONS.map(reversed)).toEqual(['sendrecv', 'recvonly', 'sendonly', 'inactive']);
  });
});
