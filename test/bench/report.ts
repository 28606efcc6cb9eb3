import type { Row } from './measurement.ts';

const COLUMNS = ['', 'what', 'measured', 'target', 'others'] as const;

/** The table for people; notes stand below, by number. */
export function renderTable(rows: readonly Row[]): string {
  const notes: string[] = [];
  const cells = rows.map(({ what, measured, target, peers, ok, note }) => {
    if (note !== undefined) notes.push(note);
    const mark = ok === undefined ? ' ' : ok ? '✓' : '✗';
    return [mark, note === undefined ? what : `${what} [${notes.length}]`, measured, target, peers];
  });
  const table = [[...COLUMNS], ...cells];
  const widths = COLUMNS.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, n) => cell.padEnd(widths[n] ?? 0))
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  const [head = [], ...body] = table;
  return [line(head), rule, ...body.map(line), '', ...notes.map((note, n) => `[${n + 1}] ${note}`)].join('\n');
}
