import type { Role } from './cast.ts';
import { document, element, line, rect, text } from './svg.ts';
import { slot, type Stretch, type Timeline, type Track } from './timeline.ts';

/** A colour for each voice; told apart also by the colour-blind (Okabe and Ito, 2008). */
const colours: Readonly<Record<Role, string>> = { customer: '#0072b2', agent: '#009e73', supervisor: '#d55e00' };
const ink = {
  strong: '#1f2933',
  soft: '#616e7c',
  faint: '#cbd2d9',
  paper: '#f8f9fb',
  coached: '#fdf3e7',
  alarm: '#c81e1e',
};

const width = 1160;
const left = 232;
const right = 28;
const track = { height: 40, gap: 8 };
const lane = { top: 150, padding: 12, gap: 12 };
const laneHeight = 2 * lane.padding + 2 * track.height + track.gap;

/**
 * Who heard whom, when. Time runs to the right; a lane for every listener, in it a track for every voice it could hear: the bar is
 * where the voice was found in what the listener received, the shape in it is how loud the speaker was.
 */
export function drawPicture(timeline: Timeline, summary: string): string {
  const x = scale(timeline.length);
  const bottom = lane.top + timeline.lanes.length * (laneHeight + lane.gap) - lane.gap;
  const title = 'Who heard whom';
  return document(width, bottom + 92, title, summary, [
    text(28, 46, title, { 'font-size': 26, 'font-weight': 600, fill: ink.strong }),
    text(28, 72, summary, { 'font-size': 13.5, fill: ink.soft }),
    ...phases(timeline, x, bottom),
    ...timeline.lanes.flatMap(({ listener, tracks }, n) => {
      const top = lane.top + n * (laneHeight + lane.gap);
      return [
        ...laneFrame(listener, top),
        ...tracks.flatMap((each, row) => drawTrack(timeline, listener, each, top, row, x)),
      ];
    }),
    ...events(timeline, x, bottom),
    ...axis(timeline.length, x, bottom),
    ...legend(bottom + 68),
  ]);
}

type Scale = (ms: number) => number;
const scale =
  (length: number): Scale =>
  (ms) =>
    left + (ms / Math.max(1, length)) * (width - left - right);

const phaseNames = { direct: 'direct', coached: 'coached' } as const;
const phaseNotes = { direct: 'sound flows between the phones', coached: 'mixed; the supervisor whispers' } as const;

function phases({ phases }: Timeline, x: Scale, bottom: number): string[] {
  return phases.flatMap(({ name, from, to }) => {
    const [start, room] = [x(from), x(to) - x(from)];
    const middle = start + room / 2;
    const coached = name === 'coached';
    // A note takes about 6.4 px a letter; where there is no room, the name of the phase has to do.
    const note = room > 6.4 * (phaseNames[name].length + phaseNotes[name].length + 6) ? `  ·  ${phaseNotes[name]}` : '';
    return [
      coached ? rect(start, 114, room, bottom - 114, { fill: ink.coached }) : '',
      rect(start + 1, 114, room - 2, 26, { rx: 6, fill: coached ? '#f8dcbf' : '#e4e7eb' }),
      text(middle, 131.5, `${phaseNames[name]}${note}`, {
        'font-size': 12.5,
        'text-anchor': 'middle',
        fill: ink.strong,
      }),
    ];
  });
}

function laneFrame(listener: Role, top: number): string[] {
  const names = { customer: 'Customer', agent: 'Agent', supervisor: 'Supervisor' };
  const middle = top + laneHeight / 2;
  return [
    rect(28, top, width - 28 - right, laneHeight, { rx: 10, fill: 'none', stroke: ink.faint }),
    text(44, middle - 2, names[listener], { 'font-size': 16, 'font-weight': 600, fill: ink.strong }),
    text(44, middle + 17, 'hears', { 'font-size': 12.5, fill: ink.soft }),
  ];
}

function drawTrack(
  timeline: Timeline,
  listener: Role,
  { speaker, stretches }: Track,
  laneTop: number,
  row: number,
  x: Scale,
): string[] {
  const top = laneTop + lane.padding + row * (track.height + track.gap);
  const middle = top + track.height / 2;
  const forbidden = listener === 'customer' && speaker === 'supervisor';
  const colour = forbidden ? ink.alarm : colours[speaker];
  const label = text(left - 14, middle + 4.5, speaker, {
    'font-size': 13,
    'text-anchor': 'end',
    fill: colours[speaker],
  });
  const rest = line(left, middle, x(timeline.length), middle, { stroke: ink.faint, 'stroke-dasharray': '1 5' });
  const bars = stretches.map((stretch) => bar(stretch, top, colour, x));
  if (!forbidden) return [label, rest, ...bars];
  return [label, ...silence(timeline, stretches.length === 0 ? 'not one frame' : 'LEAK', colour, top, x), ...bars];
}

/** While the supervisor whispers the customer must hear none of it: an outline where a bar would be. */
function silence({ phases, length }: Timeline, word: string, colour: string, top: number, x: Scale): string[] {
  const middle = top + track.height / 2;
  const clean = word !== 'LEAK';
  return [
    line(left, middle, x(length), middle, { stroke: ink.faint, 'stroke-dasharray': '1 5' }),
    ...phases
      .filter(({ name }) => name === 'coached')
      .flatMap(({ from, to }) => [
        rect(x(from), top + 0.5, x(to) - x(from), track.height - 1, {
          rx: 6,
          fill: '#ffffff',
          stroke: clean ? colours.supervisor : colour,
          'stroke-dasharray': '5 4',
        }),
        // Beside the outline, not under the bars in it.
        clean
          ? text(x((from + to) / 2), middle + 4.5, word, { 'font-size': 13, 'text-anchor': 'middle', fill: ink.soft })
          : text(x(from) - 8, middle + 4.5, word, {
              'font-size': 13,
              'font-weight': 700,
              'text-anchor': 'end',
              fill: colour,
            }),
      ]),
  ];
}

function bar({ from, to, loudness }: Stretch, top: number, colour: string, x: Scale): string {
  const middle = top + track.height / 2;
  const reach = track.height / 2 - 4;
  const points = loudness.map((level, n) => [x(Math.min(to, from + n * slot)), Math.max(0.6, level * reach)] as const);
  const upper = points.map(([at, level]) => `${at.toFixed(1)},${(middle - level).toFixed(1)}`);
  const lower = points.map(([at, level]) => `${at.toFixed(1)},${(middle + level).toFixed(1)}`).reverse();
  return [
    // A leak of one frame is 1 px wide: still seen.
    rect(x(from), top, Math.max(2, x(to) - x(from)), track.height, {
      rx: Math.min(6, (x(to) - x(from)) / 2),
      fill: colour,
      'fill-opacity': 0.18,
    }),
    element('polygon', { points: [...upper, ...lower].join(' '), fill: colour, 'fill-opacity': 0.85 }),
  ].join('');
}

function events({ events }: Timeline, x: Scale, bottom: number): string[] {
  return events.flatMap(({ name, at }) => [
    line(x(at), 110, x(at), bottom, { stroke: ink.soft, 'stroke-dasharray': '3 3', 'stroke-opacity': 0.7 }),
    text(x(at), 103, `${name} ${(at / 1000).toFixed(1)} s`, {
      'font-size': 12,
      'text-anchor': x(at) > width - 90 ? 'end' : x(at) < left + 40 ? 'start' : 'middle',
      fill: ink.strong,
    }),
  ]);
}

function axis(length: number, x: Scale, bottom: number): string[] {
  const seconds = Array.from({ length: Math.floor(length / 1000) + 1 }, (_, second) => second);
  return seconds.flatMap((second) => [
    line(x(second * 1000), bottom, x(second * 1000), bottom + 6, { stroke: ink.faint }),
    text(x(second * 1000), bottom + 22, second === 0 ? '0 s' : String(second), {
      'font-size': 12,
      'text-anchor': 'middle',
      fill: ink.soft,
    }),
  ]);
}

function legend(y: number): string[] {
  const entries: readonly [Role, string][] = [
    ['customer', 'customer’s voice'],
    ['agent', 'agent’s voice'],
    ['supervisor', 'supervisor’s voice'],
  ];
  return [
    ...entries.flatMap(([role, words], n) => [
      rect(left + n * 148, y - 10, 18, 12, { rx: 3, fill: colours[role] }),
      text(left + 26 + n * 148, y, words, { 'font-size': 12.5, fill: ink.soft }),
    ]),
    text(width - right, y, 'bar: found in the received sound  ·  shape: how loud it was spoken', {
      'font-size': 12.5,
      'text-anchor': 'end',
      fill: ink.soft,
    }),
  ];
}
