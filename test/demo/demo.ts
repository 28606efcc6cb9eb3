import { access, constants, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Lab, onRealEngines, type Trio } from '../support/lab.ts';
import { writeWav } from '../support/wav.ts';
import { cast } from './cast.ts';
import { audibleNow } from './live-view.ts';
import { readOptions, usage } from './options.ts';
import { drawPicture } from './picture.ts';
import { Progress } from './progress.ts';
import type { Recording } from './recording.ts';
import { showReport, summaryOf } from './report.ts';
import { soundtrack } from './soundtrack.ts';
import { playCall } from './story.ts';
import { timelineOf } from './timeline.ts';
import { brokenPromises, judge, type Verdict } from './verdict.ts';

/** ms */
const lengths = { before: 4000, coached: 6000, after: 3000 };
/** Time between two looks at who hears whom, on a terminal, ms. */
const livePeriod = 250;

/** @returns the exit code: 0 every promise was kept, 1 one was broken, 2 it was asked for wrongly, 130 it was interrupted. */
async function main(args: readonly string[]): Promise<number> {
  const request = readOptions(args);
  if (request.kind === 'help') {
    console.log(usage);
    return 0;
  }
  if (request.kind === 'refused') {
    console.error(`demo: ${request.reason} (npm run demo -- --help)`);
    return 2;
  }
  const { folder, json } = request;
  const reason = await unusable(folder);
  if (reason !== undefined) {
    console.error(`demo: cannot write to ${folder}: ${reason}`);
    return 2;
  }
  const interruption = interrupted();
  try {
    return await play(folder, json, interruption);
  } catch (error) {
    // What fails because everything was closed under it is no failure of its own.
    console.error(interruption.aborted ? 'demo: interrupted' : error);
    return interruption.aborted ? 130 : 1;
  }
}

async function play(folder: string, json: boolean, interruption: AbortSignal): Promise<number> {
  const progress = new Progress(json ? process.stderr : process.stdout);
  progress.say();
  progress.say('  Earpiece: a supervisor whispers into a call, and only the agent hears it', 'bold');
  progress.say();
  const { recording, trio } = await perform(progress, interruption);
  interruption.throwIfAborted();
  const verdict = judge(recording);
  const broken = brokenPromises(recording, verdict);
  const files = await keep(folder, recording, trio, verdict);
  showReport(progress, recording, verdict, broken, files);
  if (json) console.log(JSON.stringify({ ...verdict, files }));
  return broken.length === 0 ? 0 : 1;
}

/** Starts everything, plays the call, and closes everything again. */
async function perform(progress: Progress, signal: AbortSignal): Promise<{ recording: Recording; trio: Trio }> {
  await using lab = await Lab.start();
  signal.addEventListener('abort', () => void lab.close());
  const engines = onRealEngines ? 'drachtio-server and FreeSWITCH' : 'the embedded engines';
  progress.step(`Earpiece runs on ${engines}: SIP ${lab.app.sipAddress}, ${lab.app.httpUrl}`);
  let trio: Trio | undefined;
  const view = progress.canShowLive
    ? setInterval(() => {
        if (trio !== undefined) progress.live(audibleNow(trio));
      }, livePeriod)
    : undefined;
  try {
    const step = (text: string) => progress.step(text);
    const phones = (opened: Trio) => (trio = opened);
    const recording = await playCall(lab, lengths, { step, phones }, signal);
    if (trio === undefined) throw new Error('a call without phones');
    return { recording, trio };
  } finally {
    clearInterval(view);
  }
}

/** Writes what everyone heard, and the picture. @returns the paths. */
async function keep(folder: string, recording: Recording, trio: Trio, verdict: Verdict): Promise<string[]> {
  const { begun, ended = performance.now() } = recording.moments;
  const sounds = cast.map((role) => ({ path: join(folder, `${role}.wav`), received: trio[role].probe.received }));
  const picture = join(folder, 'who-heard-whom.svg');
  await Promise.all([
    ...sounds.map(({ path, received }) => writeWav(path, soundtrack(received, begun, ended))),
    writeFile(picture, drawPicture(timelineOf(recording), summaryOf(verdict))),
  ]);
  return [...sounds.map(({ path }) => path), picture];
}

/** Why nothing can be written to the folder, which is made where it is missing; found out before the call, not after it. */
async function unusable(folder: string): Promise<string | undefined> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
    return undefined;
  } catch (error) {
    // `EEXIST: file already exists, mkdir '…'`: the reason stands before the comma.
    return (error instanceof Error ? error.message : String(error)).split(',')[0];
  }
}

/** Ctrl-C ends the call and closes everything; a second one ends the process at once. */
function interrupted(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort());
  return controller.signal;
}

process.exitCode = await main(process.argv.slice(2));
