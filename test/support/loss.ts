import { delayOf, epochOf } from './delay.ts';
import type { Frame } from './frames.ts';
import type { SentPacket, Speaker } from './party.ts';
import { frameSamples } from './spectrum.ts';

export interface Loss {
  /** Frames said in the span. */
  readonly sent: number;
  /** Frames of those that never arrived. */
  readonly lost: number;
  /** Longest time the listener was without the speaker, ms beyond the 20 that every frame lasts. */
  readonly longestSilence: number;
}

/** Frames on either side of the span that tell how things stand there. */
const window = 40;

/**
 * What was said from `from` to `to` and never heard. On either side of the span it is found out which frame that was said is which frame
 * that was heard, by content; what these two disagree by got lost in between. So neither a path that becomes longer, nor packets
 * that come in bursts count as a loss. Where a side has too little sound for that, the arrivals in the span are counted.
 */
export function lossOf(speaker: Speaker, heard: readonly Frame[], from: number, to: number): Loss {
  const said = speaker.sent.filter(({ at }) => at >= from && at < to);
  const [first, last] = [said[0], said.at(-1)];
  if (first === undefined || last === undefined) return { sent: 0, lost: 0, longestSilence: 0 };
  const sent = Math.round(said.reduce((sum, { samples }) => sum + samples, 0) / frameSamples);
  const once = withoutCopies(heard);
  const before = once.findLastIndex(({ at }) => at <= first.at) + 1;
  const after = once.findIndex(({ at }) => at >= last.at);
  const earlier = shiftOf(speaker, once, Math.max(0, before - window), before);
  const later = after < 0 ? undefined : shiftOf(speaker, once, after, after + window);

  const begin = first.at + (earlier?.delay ?? later?.delay ?? 0);
  const end = last.at + last.samples / 8 - 20 + (later?.delay ?? earlier?.delay ?? 0);
  const arrived = once.filter(({ at }) => at > begin - 10 && at < end + 10);
  const lost =
    earlier !== undefined && later !== undefined ? Math.round(later.shift - earlier.shift) : sent - arrived.length;
  return { sent, lost: Math.max(0, lost), longestSilence: longestSilence(arrived, begin, end) };
}

/** How far the numbers of frames said are ahead of the numbers of frames heard, in a stretch of the latter. */
function shiftOf(
  speaker: Speaker,
  heard: readonly Frame[],
  start: number,
  end: number,
): { readonly shift: number; readonly delay: number } | undefined {
  const frames = heard.slice(start, end);
  const delay = delayOf(speaker, frames);
  if (delay === undefined) return undefined;
  const epoch = epochOf(speaker);
  const said = saidBefore(speaker.sent);
  const shifts = frames.map(({ at }, n) => said(8 * (at - delay - epoch)) - (start + n)).sort((a, b) => a - b);
  return { shift: shifts[shifts.length >> 1] ?? 0, delay };
}

/** Tells how many frames were said before a position; while the speaker keeps silent they do not become more. */
function saidBefore(sent: readonly SentPacket[]): (position: number) => number {
  let samples = 0;
  const before = sent.map((packet) => {
    samples += packet.samples;
    return samples - packet.samples;
  });
  return (position) => {
    const index = sent.findLastIndex((packet) => packet.position <= position);
    const packet = sent[index];
    if (packet === undefined) return 0;
    return ((before[index] ?? 0) + Math.min(position - packet.position, packet.samples)) / frameSamples;
  };
}

/** The same frame heard from two sources is one frame heard. */
function withoutCopies(frames: readonly Frame[]): Frame[] {
  return frames.filter((frame, n) => {
    const before = frames[n - 1];
    return before === undefined || before.stream === frame.stream || frame.at - before.at > 10;
  });
}

function longestSilence(arrived: readonly Frame[], begin: number, end: number): number {
  const times = [begin - 20, ...arrived.map(({ at }) => at), end + 20];
  const gaps = times.map((at, n) => at - (times[n - 1] ?? at) - 20);
  return Math.max(0, ...gaps);
}
