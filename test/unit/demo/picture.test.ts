import { describe, expect, it } from 'vitest';
import { drawPicture } from '../../demo/picture.ts';
import { timelineOf } from '../../demo/timeline.ts';
import { begun, callOnPaper, type Ears, ears } from './call-on-paper.ts';

const draw = (hears?: Ears): string => drawPicture(timelineOf(callOnPaper(hears && { hears })), '1 < 2 & "so on"');

/** Names of the elements, when every one that is opened is closed in turn. @throws Error otherwise. */
function elementsOf(xml: string): string[] {
  const open: string[] = [];
  const seen: string[] = [];
  const tags = xml.matchAll(/<(\/?)([a-z]+)((?: [a-zA-Z0-9-]+="[^"<&]*(?:&[a-z]+;[^"<&]*)*")*)(\/?)>/g);
  let at = 0;
  for (const tag of tags) {
    if (/[<>]|&(?!(amp|lt|gt|quot);)/.test(xml.slice(at, tag.index))) throw new Error(xml.slice(at, tag.index));
    at = tag.index + tag[0].length;
    const [, closing, name = '', , empty] = tag;
    if (closing === '/') {
      if (open.pop() !== name) throw new Error(`</${name}> closes nothing`);
    } else {
      seen.push(name);
      if (empty !== '/') open.push(name);
    }
  }
  if (open.length > 0) throw new Error(`${open.join(' ')} stay open`);
  return seen;
}

describe('the timeline', () => {
  it('has the three phases of the call and its events', () => {
    const { length, phases, events } = timelineOf(callOnPaper());
    expect(length).toBe(6000);
    expect(phases).toEqual([
      { name: 'direct', from: 100, to: 2000 },
      { name: 'coached', from: 2000, to: 4200 },
      { name: 'direct', from: 4200, to: 6000 },
    ]);
    expect(events.map(({ name, at }) => `${name} ${at}`)).toEqual([
      'call 100',
      'Coach 2000',
      'Cancel 4000',
      'hang-up 6000',
    ]);
  });

  it('has a lane for every listener, in it when each of the other two was heard', () => {
    const lanes = timelineOf(callOnPaper()).lanes.map(({ listener, tracks }) => [
      listener,
      Object.fromEntries(
        tracks.map(({ speaker, stretches }) => [speaker, stretches.map(({ from, to }) => [from, to])]),
      ),
    ]);
    // A stretch begins with a frame: 2060 ms and 100 ms are on their grid.
    expect(Object.fromEntries(lanes)).toEqual({
      customer: { agent: [[100, 6000]], supervisor: [] },
      agent: { customer: [[100, 6000]], supervisor: [[2060, 4000]] },
      supervisor: { customer: [[2060, 4000]], agent: [[2060, 4000]] },
    });
  });

  it('ends where the call ended, when nothing of it came to pass', () => {
    const { phases, events } = timelineOf(callOnPaper({ moments: { begun, ended: begun + 500 }, hears: () => false }));
    expect(phases).toEqual([]);
    expect(events).toEqual([{ name: 'hang-up', at: 500 }]);
  });
});

describe('the picture', () => {
  it('is one well-formed SVG whose texts are escaped', () => {
    const svg = draw();
    expect(elementsOf(svg)[0]).toBe('svg');
    expect(svg).toContain('1 &lt; 2 &amp; &quot;so on&quot;');
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('shows a shape for every stretch that was heard', () => {
    expect(elementsOf(draw()).filter((name) => name === 'polygon')).toHaveLength(5);
  });

  it('marks the phases, and says that the customer heard not one frame', () => {
    const svg = draw();
    for (const words of [
      'direct',
      'coached',
      'Coach 2.0 s',
      'Cancel 4.0 s',
      'not one frame',
      'Customer',
      'Agent',
      'Supervisor',
    ])
      expect(svg).toContain(words);
    expect(svg).not.toContain('LEAK');
  });

  it('cries out when the customer heard one', () => {
    const svg = draw(
      (listener, speaker, at) =>
        ears(listener, speaker, at) || (listener === 'customer' && speaker === 'supervisor' && at === 3000),
    );
    expect(svg).toContain('LEAK');
    expect(svg).not.toContain('not one frame');
    expect(elementsOf(svg).filter((name) => name === 'polygon')).toHaveLength(6);
  });
});
