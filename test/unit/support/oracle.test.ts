import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { framesOf, type ReceivedPacket } from '../../support/frames.ts';
import { type Codec, encode, payloadTypes } from '../../support/g711.ts';
import { Oracle } from '../../support/oracle.ts';
import type { Listener, SentPacket, Speaker } from '../../support/party.ts';
import { tone, type ToneName } from '../../support/tone.ts';

/** A call of `frames` frames on paper: who is in a frame, and when it arrives after it was said. */
interface Path {
  readonly frames: number;
  readonly from: ToneName;
  readonly codec?: Codec;
  readonly delay?: (frame: number) => number;
  readonly lost?: (frame: number) => boolean;
  readonly source?: (frame: number) => string;
}

const epoch = 5000;

function sentBy(name: ToneName, frames: number): Speaker {
  const sent = Array.from(
    { length: frames },
    (_, n): SentPacket => ({ at: epoch + n * 20, position: n * 160, samples: 160 }),
  );
  return { name, voice: tone(name), sent };
}

function arriving({
  frames,
  from,
  codec = 'PCMU',
  delay = () => 1,
  lost = () => false,
  source = () => '127.0.0.1:4000',
}: Path) {
  return Array.from({ length: frames }, (_, n) => n)
    .filter((n) => !lost(n))
    .map((n): ReceivedPacket => {
      const payload = encode(codec, tone(from).samples(n * 160, 160));
      const at = epoch + n * 20 + delay(n);
      return {
        at,
        source: source(n),
        ssrc: 1,
        seq: n,
        timestamp: n * 160,
        marker: false,
        payloadType: payloadTypes[codec],
        payload,
      };
    });
}

function listener(name: string, ...paths: Path[]): Listener {
  const packets = paths.flatMap(arriving).sort((a, b) => a.at - b.at);
  return { name, frames: () => framesOf(packets) };
}

describe('the oracle', () => {
  it('names the one frame that leaked', () => {
    const customer = listener(
      'customer',
      { frames: 50, from: 'agent' },
      { frames: 1, from: 'supervisor', source: () => '127.0.0.1:9' },
    );
    const oracle = new Oracle([customer], [sentBy('agent', 50), sentBy('supervisor', 50)]);
    expect(oracle.leaks('customer', 'supervisor')).toEqual([
      { listener: 'customer', speaker: 'supervisor', frame: 1, at: epoch + 1 },
    ]);
    expect(oracle.leaks('customer', 'supervisor', { from: epoch + 2 })).toEqual([]);
    expect(() => oracle.assertNeverHeard('customer', 'supervisor')).toThrow(
      /heard supervisor in 1 frames: frame 1 at 5001\.0 ms/,
    );
    expect(() => oracle.assertNeverHeard('customer', 'customer')).toThrow(RangeError);
    expect(oracle.table()).toEqual({ customer: { agent: true, supervisor: true } });
    expect(oracle.report()).toContain('50 (0.00–1.00 s)');
  });

  it('tells the stretches of time in which somebody was heard', () => {
    const path: Path = { frames: 100, from: 'customer', lost: (n) => n >= 20 && n < 60 };
    const heard = new Oracle([listener('agent', path)], [sentBy('customer', 100)]).heard('agent', 'customer');
    expect(heard).toEqual({
      frames: 60,
      first: epoch + 1,
      last: epoch + 1 + 99 * 20,
      intervals: [
        { from: epoch + 1, to: epoch + 401, frames: 20 },
        { from: epoch + 1201, to: epoch + 2001, frames: 40 },
      ],
    });
  });

  it('counts frames that never arrived, whatever the delay before and after, however unevenly they come', () => {
    const delays = fc.integer({ min: 0, max: 150 });
    const codec = fc.constantFrom<Codec>('PCMU', 'PCMA');
    fc.assert(
      fc.property(delays, delays, fc.nat(12), fc.nat(25), codec, (before, after, missing, jitter, chosen) => {
        const delay = (n: number) => (n < 100 ? before : after) + ((n * 7919) % (jitter + 1));
        const lost = (n: number) => n >= 100 && n < 100 + missing;
        const agent = listener('agent', { frames: 200, from: 'customer', codec: chosen, delay, lost });
        const oracle = new Oracle([agent], [sentBy('customer', 200)]);
        const loss = oracle.lost('agent', 'customer', epoch + 60 * 20 - 3, epoch + 140 * 20 - 3);
        expect(loss).toMatchObject({ sent: 80, lost: missing });
        expect(loss.longestSilence).toBeGreaterThan(missing * 20 + after - before - jitter - 10);
      }),
      { numRuns: 200 },
    );
  });

  it('does not count what was never said', () => {
    const silent = (n: number) => n >= 90 && n < 110;
    const speaker = sentBy('customer', 200);
    const paused = { ...speaker, sent: speaker.sent.filter((_, n) => !silent(n)) };
    const agent = listener('agent', { frames: 200, from: 'customer', lost: (n) => silent(n) || n === 115 });
    const loss = new Oracle([agent], [paused]).lost('agent', 'customer', epoch + 1200, epoch + 2800);
    expect(loss).toMatchObject({ sent: 60, lost: 1 });
  });

  it('counts no frame twice that came from two sources, and names both', () => {
    const direct: Path = { frames: 100, from: 'customer', lost: (n) => n >= 55 };
    const relayed: Path = {
      frames: 100,
      from: 'customer',
      delay: () => 3,
      lost: (n) => n < 50,
      source: () => '127.0.0.1:5000',
    };
    const oracle = new Oracle([listener('agent', direct, relayed)], [sentBy('customer', 100)]);
    expect(oracle.lost('agent', 'customer', epoch + 20 * 20, epoch + 80 * 20)).toMatchObject({ sent: 60, lost: 0 });
    expect(oracle.overlaps('agent')).toMatchObject([
      { streams: ['127.0.0.1:4000/1', '127.0.0.1:5000/1'], from: epoch + 1003, frames: 8 },
    ]);
  });

  it('sees no overlap in a clean switch', () => {
    const source = (n: number) => (n < 50 ? '127.0.0.1:4000' : '127.0.0.1:5000');
    expect(new Oracle([listener('agent', { frames: 100, from: 'customer', source })], []).overlaps('agent')).toEqual(
      [],
    );
  });
});

describe('frames', () => {
  it.each([10, 20, 30, 40, 60])('are cut from packets of %i ms without losing a sample', (ms) => {
    const voice = tone('agent');
    const packets = Array.from({ length: 24 }, (_, n): ReceivedPacket => {
      const payload = encode('PCMA', voice.samples(n * ms * 8, ms * 8));
      return {
        at: n * ms,
        source: 'a',
        ssrc: 7,
        seq: (65_530 + n) & 0xffff,
        timestamp: 0,
        marker: false,
        payloadType: 8,
        payload,
      };
    });
    const frames = framesOf(packets);
    expect(frames).toHaveLength((24 * ms) / 20);
    expect(frames.every(({ samples }) => voice.heardIn(samples))).toBe(true);
  });

  it('keep the half frame before a gap', () => {
    const payload = encode('PCMU', tone('agent').samples(0, 80));
    const packet = (seq: number): ReceivedPacket => ({
      at: seq,
      source: 'a',
      ssrc: 7,
      seq,
      timestamp: 0,
      marker: false,
      payloadType: 0,
      payload,
    });
    expect(framesOf([packet(1), packet(3)]).map(({ samples }) => tone('agent').heardIn(samples))).toEqual([true, true]);
  });
});
