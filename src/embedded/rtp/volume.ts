/** FreeSWITCH's volume steps: 0 leaves the sound alone, 4 is the loudest, -4 the softest but not silent. */
const LOUDER = [1, 1.3, 2.3, 3.3, 4.3];
const SOFTER = [1, 0.8, 0.6, 0.4, 0.2];

/** @param level -4..4, what is beyond counts as the end of the scale; @returns the factor for each sample */
export function gainOfLevel(level: number): number {
  const step = Math.min(4, Math.abs(Math.trunc(level)));
  return (level >= 0 ? LOUDER : SOFTER)[step] ?? 1;
}
