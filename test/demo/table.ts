import type { Oracle } from '../support/oracle.ts';
import { cast, type Role } from './cast.ts';

/** Who heard whom: a line for every listener, a column for every speaker, in it the seconds of sound. */
export function whoHeardWhom(oracle: Oracle): string[] {
  const cell = (listener: Role, speaker: Role): string => {
    if (listener === speaker) return '·';
    const { frames } = oracle.heard(listener, speaker);
    if (frames === 0) return 'never';
    return frames < 50 ? `${frames} frames` : `${(frames / 50).toFixed(1)} s`;
  };
  return aligned([
    ['who heard', ...cast],
    ...cast.map((listener) => [listener, ...cast.map((speaker) => cell(listener, speaker))]),
  ]);
}

/** First column to the left, the others to the right. */
export function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row.map((text, n) => (n === 0 ? text.padEnd(widths[n] ?? 0) : text.padStart((widths[n] ?? 0) + 4))).join(''),
  );
}
