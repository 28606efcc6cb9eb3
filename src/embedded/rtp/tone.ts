/**
 * Tones in FreeSWITCH's tone language (TGML), the part of it that tone_stream:// is used with:
 *
 *     %(on,off,f1[,f2…])   on ms of the sum of the frequencies (Hz), off ms of silence
 *     0-9 * # A-D          DTMF, d ms long, w ms of silence after
 *     v=-7  d=100  w=50    level (dBm0) of each frequency, length and pause of DTMF
 *     l=2                  each following tone that many times
 *     loops=3 (or L=3)     the whole that many times, -1 = until stopped
 *
 * Parts are separated by `;` or follow each other. Decay (`>=`, `<=`, `+=`) and rate (`r=`) are read and passed over.
 */
import { FRAME_SAMPLES, SAMPLES_PER_MS } from './frame.ts';
import type { Sound } from './sound.ts';

interface Segment {
  readonly start: number;
  readonly end: number;
  readonly frequencies: readonly number[];
  /** Peak of each frequency's wave, on the scale of 16 bits. */
  readonly amplitude: number;
}

const ROWS = [697, 770, 852, 941];
const COLUMNS = [1209, 1336, 1477, 1633];
const KEYPAD = '123A456B789C*0#D';
const RATE = 1000 * SAMPLES_PER_MS;

/** Peak of a sine of `level` dBm0; +3.14 dBm0 is the full scale of G.711 (ITU-T G.711, table 5), a sine's peak 3.02 dB above its power. */
function amplitudeOf(level: number): number {
  return Math.min(32767, 10 ** ((level - 6.16) / 20) * 32767 * Math.SQRT2);
}

const TOKEN = /\s*(?:%\(([^)]*)\)|(loops|[vdwlLrc]|>|<|\+)\s*=\s*(-?[\d.]+)|([0-9*#A-D])|[;,])\s*/y;

/** @throws on what is not in the language */
export function toneOf(spec: string): Sound {
  const segments: Segment[] = [];
  let length = 0;
  let loops = 1;
  const settings = { v: -7, d: 100, w: 50, l: 1 };

  const append = (on: number, off: number, frequencies: readonly number[]): void => {
    for (let i = 0; i < Math.max(1, settings.l); i++) {
      const end = length + Math.round(on * SAMPLES_PER_MS);
      segments.push({ start: length, end, frequencies, amplitude: amplitudeOf(settings.v) });
      length = end + Math.round(off * SAMPLES_PER_MS);
    }
  };

  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < spec.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(spec);
    if (!match) throw new Error(`not a tone: "${spec}", at ${at}`);
    const [, tone, name, value, digit] = match;
    if (tone !== undefined) {
      const [on, off, ...frequencies] = tone.split(',').map(Number);
      const sane = [on, off, ...frequencies].every((each) => each !== undefined && each >= 0 && each < 1e9);
      if (on === undefined || off === undefined || !sane) throw new Error(`not a tone: "%(${tone})"`);
      append(on, off, frequencies);
    } else if (digit !== undefined) {
      append(settings.d, settings.w, dtmfFrequencies(digit));
    } else if (name === 'loops' || name === 'L') {
      loops = Number(value);
    } else if (name === 'v' || name === 'd' || name === 'w' || name === 'l') {
      settings[name] = Number(value);
    }
  }
  return loopOf(segments, length, loops);
}

function dtmfFrequencies(digit: string): readonly number[] {
  const key = KEYPAD.indexOf(digit);
  return [ROWS[key >> 2] ?? 0, COLUMNS[key & 3] ?? 0];
}

function loopOf(segments: readonly Segment[], once: number, loops: number): Sound {
  const samples = once === 0 ? 0 : loops < 0 ? Infinity : once * loops;
  return {
    samples,
    read(position, into) {
      for (let i = 0; i < FRAME_SAMPLES; i++) {
        into[i] = position + i < samples ? sampleAt(segments, (position + i) % once) : 0;
      }
    },
  };
}

function sampleAt(segments: readonly Segment[], position: number): number {
  for (const { start, end, frequencies, amplitude } of segments) {
    if (position < start || position >= end) continue;
    let sum = 0;
    for (const frequency of frequencies) sum += Math.sin((2 * Math.PI * frequency * (position - start)) / RATE);
    return Math.max(-32768, Math.min(32767, Math.round(sum * amplitude)));
  }
  return 0;
}
