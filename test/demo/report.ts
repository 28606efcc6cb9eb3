import type { Progress } from './progress.ts';
import type { Recording } from './recording.ts';
import { whoHeardWhom } from './table.ts';
import type { Verdict } from './verdict.ts';

const counted = (frames: number | null): string => (frames === null ? 'not measured' : String(frames));
const measured = (ms: number | null): string => (ms === null ? 'never' : `after ${ms} ms`);

/** One sentence, for the picture. */
export function summaryOf({ joinMs, gapFrames, leakedFrames }: Verdict): string {
  return [
    `The agent heard the supervisor ${joinMs === null ? 'never' : `${joinMs} ms after Coach was accepted`}`,
    `the customer in ${leakedFrames === 0 ? 'not one frame' : `${leakedFrames} frames`}`,
    `frames lost on the way in and out: customer ${counted(gapFrames.customer)}, agent ${counted(gapFrames.agent)}`,
  ].join('  ·  ');
}

/** The end of the demo: the table, the numbers, the files, and whether every promise was kept. */
export function showReport(
  progress: Progress,
  recording: Recording,
  verdict: Verdict,
  broken: readonly string[],
  files: readonly string[],
): void {
  const [head = '', ...rows] = whoHeardWhom(recording.oracle);
  progress.say();
  progress.say(`  ${head}`, 'bold');
  for (const row of rows) progress.say(`  ${row}`);
  progress.say();
  progress.say(`  supervisor at the agent        ${measured(verdict.joinMs)}`);
  progress.say(
    `  20 ms frames lost on the way   customer ${counted(verdict.gapFrames.customer)}, agent ${counted(verdict.gapFrames.agent)}`,
  );
  progress.say(`  supervisor at the customer     ${verdict.leakedFrames} frames`);
  progress.say();
  for (const file of files) progress.say(`  ${file}`);
  progress.say('  (the faint whistle over each voice is the marker by which it was recognised)', 'faint');
  progress.say();
  if (broken.length === 0) progress.say('  Every promise was kept.', 'good');
  for (const promise of broken) progress.say(`  Broken: ${promise}.`, 'bad');
}
