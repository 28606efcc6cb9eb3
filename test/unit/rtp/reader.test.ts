import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { choosePhase, phaseOf, stepTowards } from '../../../src/embedded/rtp/phase.ts';
import { Reader } from '../../../src/embedded/rtp/reader.ts';
import { ReceiveBuffer } from '../../../src/embedded/rtp/receive-buffer.ts';

interface Sent {
  readonly timestamp: number;
  readonly samples: number;
  /** ms; a packet may come more than once, or never. */
  readonly arrivals: readonly number[];
  readonly ssrc?: number;
}

/** What one sample says at a place of the source's own count: no two frames within 3 s are alike. */
const wordAt = (place: number): number => 1000 + (Math.floor(place / 80) % 300) * 100;

interface Heard {
  readonly now: number;
  readonly frame: Int16Array | undefined;
  readonly invented: boolean;
  /** How long after the frame began to be sent it is heard, ms. */
  readonly delay: number;
}

/** Lets the packets come and reads every 20 ms from `from` on, at a phase that follows the source as a lone listener's does. */
function listen(packets: readonly Sent[], from: number, until: number): { heard: Heard[]; buffer: ReceiveBuffer } {
  const buffer = new ReceiveBuffer();
  let invented = 0;
  const reader = new Reader(buffer, () => invented++);
  const arrivals = packets
    .flatMap((packet) => packet.arrivals.map((at) => ({ packet, at })))
    .sort((a, b) => a.at - b.at);
  const heard: Heard[] = [];
  let next = 0;
  let step = 0;
  for (let now = from; now < until; now += 20 + step) {
    for (let each = arrivals[next]; each && each.at <= now; each = arrivals[++next]) {
      const { ssrc = 1, timestamp, samples } = each.packet;
      const into = buffer.insert(ssrc, timestamp >>> 0, samples, each.at);
      for (let i = 0; into && i < samples; i++) into[i] = wordAt(timestamp + i);
    }
    const before = invented;
    const frame = reader.read(now)?.slice();
    const place = reader.place ?? 0;
    if (reader.ready !== undefined) step = stepTowards(now, choosePhase(now, [phaseOf(reader.ready)]));
    heard.push({ now, frame, invented: invented > before, delay: now - (place - 160) / 8 });
  }
  return { heard, buffer };
}

/** Packets of `length` samples; `way` says how long each takes, ms, or that it is lost. */
function talk(
  count: number,
  way: (n: number) => number | undefined,
  { length = 160, drift = 0 }: { length?: number; drift?: number } = {},
): Sent[] {
  return Array.from({ length: count }, (_, n) => {
    const delay = way(n);
    const sentAt = ((n * length) / 8) * (1 + drift);
    return { timestamp: n * length, samples: length, arrivals: delay === undefined ? [] : [sentAt + delay] };
  });
}

/** The words of the frames that were really said. */
const words = (heard: readonly Heard[]): number[] =>
  heard.flatMap(({ frame, invented }) => (frame && !invented ? [frame[80 - 1 + 80] ?? 0] : []));

const spoken = (count: number): number[] => Array.from({ length: count }, (_, n) => wordAt(n * 160 + 159));

describe('a listener on a clean network', () => {
  test.each([80, 160, 240, 320, 480])('hears every frame once and in order, with packets of %i samples', (length) => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 20, noNaN: true }),
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        (phase, jitter) => {
          const packets = talk(Math.ceil((200 * 160) / length), () => Number(jitter.next().value), { length });
          const { heard } = listen(packets, phase + 30, 3500);
          expect(heard.filter(({ invented }) => invented)).toEqual([]);
          const list = words(heard);
          expect(list.length).toBeGreaterThan(165);
          // It joined at 30 ms or later: of what was said before, the last is heard.
          expect(list[0]).toBeLessThanOrEqual(wordAt(4 * 160));
          // While its phase moves to the source's, a listener that began nearly a frame too late may skip one.
          const skipped = list.filter((word, n) => n > 0 && word !== wordAt(((list[n - 1] ?? 0) - 1000) * 0.8 + 160));
          expect(skipped.length).toBeLessThanOrEqual(1);
          expectInOrder(list);
          for (const { frame, delay } of heard)
            if (frame) expect(delay).toBeLessThan(20 + 4 + 1 + 10 + (length > 160 ? 40 : 0));
        },
      ),
      { numRuns: 30 },
    );
  });

  test('joining a source that speaks, hears what comes from then on: nothing between join and first tick is lost', () => {
    fc.assert(
      fc.property(fc.double({ min: 1000, max: 1100, noNaN: true }), (join) => {
        const { heard } = listen(
          talk(100, () => 0.3),
          join + 19,
          1900,
        );
        const arrivedAfterJoin = Math.ceil((join - 0.3) / 20);
        const first = spoken(100).indexOf(words(heard)[0] ?? -1);
        expect(first).toBeLessThanOrEqual(arrivedAfterJoin);
      }),
    );
  });

  test('a lost packet is one invented frame, and costs no delay', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 10, max: 180 }), { maxLength: 10 }), (candidates) => {
        // No two lost in a row: those are the business of the next test.
        const lost = candidates.filter((n) => !candidates.includes(n - 1));
        const { heard } = listen(
          talk(200, (n) => (lost.includes(n) ? undefined : 0.2)),
          5,
          3900,
        );
        expect(words(heard).length).toBe(195 - lost.length);
        expect(heard.filter(({ invented }) => invented).length).toBe(lost.length);
        expect(heard.at(-1)?.delay).toBeLessThan(25);
      }),
    );
  });

  test('a packet that is late once is one invented frame, and costs no delay', () => {
    const { heard } = listen(
      talk(200, (n) => (n === 150 ? 15 : 0)),
      5,
      3900,
    );
    expect(heard.filter(({ invented }) => invented)).toHaveLength(1);
    const after = heard.filter(({ now }) => now > 151 * 20);
    expect(Math.max(...after.map(({ delay }) => delay))).toBeLessThan(10);
  });

  test('invented frames fade out within 60 ms; after a pause the source is heard again', () => {
    const packets = talk(300, (n) => (n >= 50 && n < 150 ? undefined : 0.2));
    const { heard } = listen(packets, 5, 5900);
    const pause = heard.filter(({ now }) => now > 50 * 20 + 25 && now < 150 * 20);
    expect(pause.filter(({ frame }) => frame).length).toBeLessThanOrEqual(3);
    const after = heard.filter(({ now }) => now > 150 * 20 + 25);
    expect(after.every(({ frame, invented }) => frame && !invented)).toBe(true);
    expect(after.at(-1)?.delay).toBeLessThan(25);
  });
});

describe('a listener on a bad network', () => {
  test('60 ms of jitter and 5 % loss: few frames are invented beyond the lost, delay stays bounded', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), (seed) => {
        const random = randomOf(seed);
        const packets = talk(1500, () => (random() < 0.05 ? undefined : random() * 60));
        const { heard } = listen(packets, 7, 29_000);
        const settled = heard.slice(250);
        const invented = settled.filter(({ invented }) => invented).length;
        expect(invented / settled.length).toBeLessThan(0.1);
        for (const { delay } of settled) expect(delay).toBeLessThan(150);
        expectInOrder(words(settled));
      }),
      { numRuns: 20 },
    );
  });

  test('any delay, loss, duplication and reordering: in order, never twice, never before it came', () => {
    const fate = fc.oneof(
      { weight: 8, arbitrary: fc.array(fc.double({ min: 0, max: 5, noNaN: true }), { minLength: 1, maxLength: 1 }) },
      { weight: 2, arbitrary: fc.array(fc.double({ min: 0, max: 300, noNaN: true }), { maxLength: 3 }) },
    );
    fc.assert(
      fc.property(
        fc.array(fate, { minLength: 50, maxLength: 150 }),
        fc.double({ min: 0, max: 20, noNaN: true }),
        (fates, phase) => {
          const packets = fates.map((ways, n) => ({
            timestamp: n * 160,
            samples: 160,
            arrivals: ways.map((way) => n * 20 + way),
          }));
          const { heard } = listen(packets, phase, fates.length * 20);
          expectInOrder(words(heard));
          for (const { frame, delay, invented } of heard) {
            if (!frame || invented) continue;
            expect(delay).toBeGreaterThanOrEqual(0);
            expect(delay).toBeLessThan(300 + 120 + 60);
          }
        },
      ),
    );
  });

  test('a sender that stands still for 120 ms and then sends it all loses nothing at first, and the delay is worked off', () => {
    const packets = talk(400, (n) => (n >= 100 && n < 106 ? (106 - n) * 20 : 0.2));
    const { heard } = listen(packets, 5, 7900);
    const soonAfter = words(heard.filter(({ now }) => now < 108 * 20 + 100));
    expect(soonAfter).toEqual(expect.arrayContaining(spoken(107).slice(1)));
    expect(heard.find(({ now }) => now > 109 * 20)?.delay).toBeGreaterThan(80);
    expect(heard.at(-1)?.delay).toBeLessThan(30);
  });

  test.each([50e-6, -50e-6])('a clock that drifts by %f is followed for an hour', (drift) => {
    const { heard } = listen(
      talk(180_000, (n) => (n % 7) / 10, { drift }),
      9,
      3_599_000,
    );
    // 180 ms of drift are nine frames.
    expect(heard.filter(({ invented }) => invented).length).toBeLessThanOrEqual(12);
    const last = heard.at(-1);
    const sentLate = (last?.now ?? 0) - (last?.now ?? 0) / (1 + drift);
    expect(Math.abs((last?.delay ?? NaN) - sentLate)).toBeLessThan(40);
  });
});

describe('a source that begins to count anew', () => {
  test.each([
    ['another SSRC', { ssrc: 2, jump: 123_456 }],
    ['a timestamp out of the blue', { ssrc: 1, jump: 7_777_777 }],
    ['a timestamp that goes back', { ssrc: 1, jump: -12_000 }],
  ])('%s: nothing is lost', (_, { ssrc, jump }) => {
    const packets = talk(100, () => 0.2).map((packet, n) =>
      n < 50 ? packet : { ...packet, ssrc, timestamp: packet.timestamp + jump },
    );
    const { heard } = listen(packets, 5, 1990);
    expect(heard.filter(({ invented }) => invented)).toEqual([]);
    expect(heard.filter(({ frame }) => frame).length).toBe(heard.length);
  });

  test('the wrap of the timestamp is none', () => {
    const packets = talk(100, () => 0.2).map((packet) => ({
      ...packet,
      timestamp: packet.timestamp + 0xffffffff - 8000,
    }));
    const { heard } = listen(packets, 5, 1990);
    expect(heard.filter(({ frame, invented }) => frame && !invented).length).toBe(heard.length);
  });

  test('packets of more than 60 ms or of nothing are turned away', () => {
    const buffer = new ReceiveBuffer();
    expect(buffer.insert(1, 0, 481, 0)).toBeUndefined();
    expect(buffer.insert(1, 0, 0, 0)).toBeUndefined();
    expect(buffer.insert(1, 0, 480, 0)).toHaveLength(480);
    expect(buffer.insert(1, 0, 480, 1)).toBeUndefined();
  });
});

/** Words count up (and wrap once in 3 s): none comes again, none comes before an earlier one. */
function expectInOrder(list: readonly number[]): void {
  list.reduce((previous, word) => {
    const step = (word - previous + 30_000) % 30_000;
    expect(step).toBeGreaterThan(0);
    expect(step).toBeLessThan(15_000);
    return word;
  });
}

/** mulberry32 */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
