import type { Frame } from './frames.ts';
import { overlapsOf, type Overlap } from './overlap.ts';
import { lossOf, type Loss } from './loss.ts';
import { renderReport } from './oracle-report.ts';
import type { Listener, Speaker } from './party.ts';

/** Part of a test, in ms of performance.now(). Open ends mean from the first, to the last packet. */
export interface Span {
  readonly from?: number;
  readonly to?: number;
}

export interface Interval {
  readonly from: number;
  readonly to: number;
  readonly frames: number;
}

/** What one party heard of another. */
export interface Heard {
  /** Frames in which the speaker is present, be it in a part of them only. */
  readonly frames: number;
  /** Arrival of the first and of the last such frame, ms. */
  readonly first: number | undefined;
  readonly last: number | undefined;
  /** Stretches without a pause of more than 60 ms. */
  readonly intervals: readonly Interval[];
}

export interface Leak {
  readonly listener: string;
  readonly speaker: string;
  /** Index among all frames the listener received. */
  readonly frame: number;
  readonly at: number;
}

const pause = 60;
const within = (at: number, { from = -Infinity, to = Infinity }: Span): boolean => at >= from && at < to;

/** A recording of everyone's ears: says who heard whom and when, frame by frame. Look again after the test has gone on; nothing is kept. */
export class Oracle {
  readonly listeners: readonly Listener[];
  readonly speakers: readonly Speaker[];

  constructor(listeners: readonly Listener[], speakers: readonly Speaker[]) {
    this.listeners = listeners;
    this.speakers = speakers;
  }

  /** @throws RangeError for a name that takes no part. */
  heard(listener: string, speaker: string, span: Span = {}): Heard {
    const times = this.#framesWith(listener, speaker, span).map(({ at }) => at);
    const intervals: { from: number; to: number; frames: number }[] = [];
    for (const at of times) {
      const open = intervals.at(-1);
      if (open !== undefined && at - open.to <= pause) {
        open.to = at + 20;
        open.frames++;
      } else intervals.push({ from: at, to: at + 20, frames: 1 });
    }
    return { frames: times.length, first: times[0], last: times.at(-1), intervals };
  }

  /** Every frame in which the listener heard what it must not: the speaker. */
  leaks(listener: string, speaker: string, span: Span = {}): Leak[] {
    const { voice } = this.#speaker(speaker);
    return this.#listener(listener)
      .frames()
      .flatMap(({ at, samples }, frame) =>
        within(at, span) && voice.heardIn(samples) ? [{ listener, speaker, frame, at }] : [],
      );
  }

  /**
   * What the listener missed of what the speaker said in the span, counted by content: a path that becomes longer loses nothing by
   * that. The span should have a second of speech on either side.
   */
  lost(listener: string, speaker: string, from: number, to: number): Loss {
    return lossOf(this.#speaker(speaker), this.#framesWith(listener, speaker, {}), from, to);
  }

  /** Times at which sound from two sources came in at once: an old stream goes on while a new one has begun. */
  overlaps(listener: string): Overlap[] {
    return overlapsOf(this.#listener(listener).frames());
  }

  /** Who heard whom at all: listener, then speaker. The speaker's own echo is in it too. */
  table(span: Span = {}): Record<string, Record<string, boolean>> {
    return Object.fromEntries(
      this.listeners.map((ear) => [
        ear.name,
        Object.fromEntries(this.speakers.map(({ name }) => [name, this.heard(ear.name, name, span).frames > 0])),
      ]),
    );
  }

  /** The same for people: times in seconds since the first packet of all. */
  report(span: Span = {}): string {
    return renderReport(this, span);
  }

  /** @throws Error with the leaks and the whole table when the listener heard one frame of the speaker. */
  assertNeverHeard(listener: string, speaker: string, span: Span = {}): void {
    const leaks = this.leaks(listener, speaker, span);
    if (leaks.length === 0) return;
    const frames = leaks.slice(0, 10).map(({ frame, at }) => `frame ${frame} at ${at.toFixed(1)} ms`);
    const more = leaks.length > frames.length ? ', …' : '';
    throw new Error(
      `${listener} heard ${speaker} in ${leaks.length} frames: ${frames.join(', ')}${more}\n${this.report(span)}`,
    );
  }

  /** @throws Error with the whole table when the listener heard fewer frames of the speaker than that. */
  assertHeard(listener: string, speaker: string, atLeast = 1, span: Span = {}): void {
    const { frames } = this.heard(listener, speaker, span);
    if (frames >= atLeast) return;
    throw new Error(`${listener} heard ${speaker} in ${frames} frames, not ${atLeast}\n${this.report(span)}`);
  }

  #framesWith(listener: string, speaker: string, span: Span): Frame[] {
    const { voice } = this.#speaker(speaker);
    const frames = this.#listener(listener).frames();
    return frames.filter(({ at, samples }) => within(at, span) && voice.heardIn(samples));
  }

  #listener(name: string): Listener {
    const found = this.listeners.find((each) => each.name === name);
    if (found === undefined) throw new RangeError(`nobody called ${name} listens`);
    return found;
  }

  #speaker(name: string): Speaker {
    const found = this.speakers.find((each) => each.name === name);
    if (found === undefined) throw new RangeError(`nobody called ${name} speaks`);
    return found;
  }
}
