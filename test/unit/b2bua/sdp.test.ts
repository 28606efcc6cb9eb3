import { describe, expect, it } from 'vitest';
import {
  activated,
  agrees,
  audioOf,
  codecNamesOf,
  descriptionIn,
  refusalOf,
  sameStream,
  sharedCodecs,
  shareCodec,
} from '../../../src/b2bua/sdp.ts';

const head = 'v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\n';
const audio = (line: string, ...attributes: string[]) =>
  `${head}m=audio ${line}\r\n${attributes.map((each) => `a=${each}\r\n`).join('')}`;

describe('an offer', () => {
  it.each([
    ['static payload types', audio('4000 RTP/AVP 0')],
    ['named payload types', audio('4000 RTP/AVP 96 101', 'rtpmap:96 PCMA/8000', 'rtpmap:101 telephone-event/8000')],
    ['codecs that no room speaks', audio('4000 RTP/AVP 9 18 111', 'rtpmap:111 opus/48000/2')],
    ['video beside the audio', `${audio('4000 RTP/AVP 0')}m=video 4002 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n`],
    ['an address of its own', audio('4000 RTP/AVP 0').replace('c=IN IP4 10.0.0.1\r\n', '') + 'c=IN IP4 10.0.0.2\r\n'],
  ])('can be taken with %s', (_name, offer) => {
    expect(refusalOf(offer)).toBeUndefined();
  });

  it.each([
    [400, 'nothing', ''],
    [400, 'another version', audio('4000 RTP/AVP 0').replace('v=0', 'v=1')],
    [400, 'no origin', audio('4000 RTP/AVP 0').replace(/o=.*\r\n/, '')],
    [400, 'a line that is none', `${audio('4000 RTP/AVP 0')}hello\r\n`],
    [400, 'a port that is none', audio('four RTP/AVP 0')],
    [400, 'no address', audio('4000 RTP/AVP 0').replace(/c=.*\r\n/, '')],
    [488, 'no audio', `${head}m=video 4000 RTP/AVP 96\r\n`],
    [488, 'audio that is refused', audio('0 RTP/AVP 0')],
  ])('is refused with %i: %s', (status, _name, offer) => {
    expect(refusalOf(offer)?.status).toBe(status);
  });
});

const message = (type: string | undefined, body: string) => ({
  headers: {},
  body,
  get: (name: string) => (name === 'Content-Type' ? type : undefined),
  has: () => type !== undefined,
});

describe('the description in a message', () => {
  it('is its body, or a part of it', () => {
    const sdp = audio('4000 RTP/AVP 0');
    expect(descriptionIn(message('application/sdp', sdp))).toEqual({ sdp });
    expect(descriptionIn(message(undefined, ''))).toBe('none');
    expect(descriptionIn(message('text/plain', 'none'))).toBe('unreadable');
    const parts = `--x\r\nContent-Type: text/plain\r\n\r\nhi\r\n--x\r\nContent-Type: application/sdp\r\n\r\n${sdp}--x--\r\n`;
    expect(descriptionIn(message('multipart/mixed;boundary=x', parts))).toEqual({ sdp });
  });
});

describe('two phones', () => {
  it('share a codec by its name, not by its number', () => {
    expect(shareCodec(audio('1 RTP/AVP 0'), audio('2 RTP/AVP 8 0'))).toBe(true);
    expect(
      shareCodec(audio('1 RTP/AVP 97', 'rtpmap:97 opus/48000/2'), audio('2 RTP/AVP 111', 'rtpmap:111 opus/48000/2')),
    ).toBe(true);
    expect(
      shareCodec(
        audio('1 RTP/AVP 0 101', 'rtpmap:101 telephone-event/8000'),
        audio('2 RTP/AVP 8 101', 'rtpmap:101 telephone-event/8000'),
      ),
    ).toBe(false);
    expect(shareCodec(audio('1 RTP/AVP 0'), 'rubbish')).toBe(false);
    expect(sharedCodecs(audio('1 RTP/AVP 9 0 13'), audio('2 RTP/AVP 0 18 9 13'))).toEqual(['G722/8000', 'PCMU/8000']);
    expect(
      codecNamesOf(audio('1 RTP/AVP 0 97 101', 'rtpmap:97 opus/48000/2', 'rtpmap:101 telephone-event/8000')),
    ).toEqual(['PCMU', 'OPUS']);
  });

  it('have the same stream while place and direction are the same', () => {
    expect(sameStream(audio('4000 RTP/AVP 9'), audio('4000 RTP/AVP 0'))).toBe(true);
    expect(sameStream(audio('4000 RTP/AVP 0'), audio('4002 RTP/AVP 0'))).toBe(false);
    expect(sameStream(audio('4000 RTP/AVP 0'), audio('4000 RTP/AVP 0', 'sendonly'))).toBe(false);
    expect(sameStream('', '')).toBe(false);
  });

  it('agree while place, direction and payload type are as told', () => {
    const told = audio('4000 RTP/AVP 0 8');
    expect(agrees(told, audio('4000 RTP/AVP 8'))).toBe(true);
    expect(agrees(told, audio('4002 RTP/AVP 8'))).toBe(false);
    expect(agrees(told, told.replaceAll('10.0.0.1', '10.0.0.9'))).toBe(false);
    expect(agrees(told, audio('4000 RTP/AVP 9'))).toBe(false);
    expect(agrees(told, audio('4000 RTP/AVP 0', 'sendonly'))).toBe(false);
    expect(
      agrees(audio('4000 RTP/AVP 96', 'rtpmap:96 opus/48000/2'), audio('4000 RTP/AVP 97', 'rtpmap:97 opus/48000/2')),
    ).toBe(false);
  });
});

it('reads direction and codecs', () => {
  expect(audioOf(audio('4000 RTP/AVP 8 0', 'recvonly'))).toEqual({
    address: '10.0.0.1',
    port: 4000,
    codecs: [
      { name: 'PCMA/8000', payload: 8 },
      { name: 'PCMU/8000', payload: 0 },
    ],
    direction: 'recvonly',
  });
  expect(activated(audio('4000 RTP/AVP 0', 'recvonly', 'ptime:20'))).toBe(
    audio('4000 RTP/AVP 0', 'sendrecv', 'ptime:20'),
  );
});
