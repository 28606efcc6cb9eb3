import type { Oracle, Span } from './oracle.ts';

const shown = 4;

/** The table listener × speaker: frames and stretches of time, in seconds since the first packet that anybody received. */
export function renderReport(oracle: Oracle, span: Span): string {
  const starts = oracle.listeners.flatMap((listener) => listener.frames()[0]?.at ?? []);
  const origin = Math.min(...starts);
  const seconds = (at: number) => ((at - origin) / 1000).toFixed(2);
  const cell = (listener: string, speaker: string): string => {
    const { frames, intervals } = oracle.heard(listener, speaker, span);
    if (frames === 0) return '–';
    const times = intervals.slice(0, shown).map(({ from, to }) => `${seconds(from)}–${seconds(to)}`);
    const more = intervals.length > shown ? ` +${intervals.length - shown}` : '';
    return `${frames} (${times.join(' ')}${more} s)`;
  };
  const speakers = oracle.speakers.map(({ name }) => name);
  const rows = [
    ['heard by \\ frames of', ...speakers, 'received'],
    ...oracle.listeners.map((listener) => [
      listener.name,
      ...speakers.map((speaker) => cell(listener.name, speaker)),
      String(listener.frames().length),
    ]),
  ];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
