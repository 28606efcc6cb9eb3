import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawPicture } from '../demo/picture.ts';
import { playCall } from '../demo/story.ts';
import { timelineOf } from '../demo/timeline.ts';
import { brokenPromises, judge } from '../demo/verdict.ts';
import { AGENT, Lab, SUPERVISOR } from '../support/lab.ts';
import { Oracle } from '../support/oracle.ts';
import { recording } from '../support/party.ts';
import { spokenBy } from '../support/speech.ts';
import { readWav } from '../support/wav.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command as a newcomer gives it. Its code is -1 when it did not end by itself. */
function runDemo(...args: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const command = ['run', '--silent', 'demo', '--', ...args];
    execFile('npm', command, { cwd: project, timeout: 50_000 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, stdout, stderr });
    });
  });
}

describe('npm run demo', () => {
  let folder: string;
  let outcome: Outcome;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'earpiece-demo-'));
    outcome = await runDemo('--json', '--out', folder);
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('keeps every promise and ends by itself', () => {
    expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
    expect(outcome.stderr).toContain('Every promise was kept.');
  });

  it('prints one JSON object as its last line, and progress elsewhere', () => {
    const last: unknown = JSON.parse(outcome.stdout.trimEnd().split('\n').at(-1) ?? '');
    const frames: unknown = expect.any(Number);
    expect(last).toEqual({
      joinMs: frames,
      gapFrames: { customer: frames, agent: frames },
      heard: {
        customer: { agent: true, supervisor: false },
        agent: { customer: true, supervisor: true },
        supervisor: { customer: true, agent: true },
      },
      leakedFrames: 0,
      files: ['customer.wav', 'agent.wav', 'supervisor.wav', 'who-heard-whom.svg'].map((name) => join(folder, name)),
    });
    expect(outcome.stdout).not.toContain('phones');
  });

  it('writes what everyone heard: the supervisor is in the sound of the agent and in that of the customer it is not', async () => {
    const speakers = await Promise.all((['customer', 'agent', 'supervisor'] as const).map(spokenBy));
    const listeners = await Promise.all(
      ['customer', 'agent', 'supervisor'].map(async (name) =>
        recording(name, await readWav(join(folder, `${name}.wav`))),
      ),
    );
    const oracle = new Oracle(
      listeners,
      speakers.map((voice) => ({ name: voice.name, voice, sent: [] })),
    );
    // Five seconds are less than what the demo plays, and more than what could be an accident.
    oracle.assertHeard('agent', 'supervisor', 250);
    oracle.assertHeard('agent', 'customer', 500);
    oracle.assertHeard('supervisor', 'customer', 250);
    oracle.assertHeard('supervisor', 'agent', 250);
    oracle.assertHeard('customer', 'agent', 500);
    oracle.assertNeverHeard('customer', 'supervisor');
    expect(new Set(listeners.map((each) => each.frames().length)).size).toBe(1);
  });

  it('draws the picture', async () => {
    const svg = await readFile(join(folder, 'who-heard-whom.svg'), 'utf8');
    expect(svg).toMatch(/^<svg [^]*not one frame[^]*<\/svg>\n$/);
  });
});

describe('npm run demo, asked for wrongly', () => {
  it.each([[['--bogus']], [['--out', fileURLToPath(import.meta.url)]]])('%j: one line and 2', async (args) => {
    const { code, stdout, stderr } = await runDemo(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.split('\n').filter((line) => line.startsWith('demo: '))).toHaveLength(1);
    expect(stderr).not.toContain('    at ');
  });
});

describe('the call of the demo', () => {
  const telling = { step: () => undefined, phones: () => undefined };
  const lengths = { before: 100, coached: 1000, after: 100 };

  it('breaks promises when the supervisor is kept out of it', async () => {
    await using lab = await Lab.start({ monitoring: { intrusion: false } });
    const played = await playCall(lab, lengths, telling, new AbortController().signal);
    const verdict = judge(played);
    expect(verdict).toMatchObject({ joinMs: null, leakedFrames: 0 });
    expect(brokenPromises(played, verdict)).toContain('the agent did not hear the supervisor');
  });

  it('breaks a promise when the supervisor speaks to everyone: what the customer hears of it is counted', async () => {
    await using lab = await Lab.start();
    lab.coach = () => lab.api().operate(SUPERVISOR, 'BargeIn', { targetDeviceUri: lab.api().deviceUri(AGENT) });
    const played = await playCall(lab, lengths, telling, new AbortController().signal);
    const verdict = judge(played);
    expect(verdict.heard.customer).toEqual({ agent: true, supervisor: true });
    expect(verdict.leakedFrames).toBeGreaterThan(25);
    expect(brokenPromises(played, verdict)).toEqual([
      `the customer heard the supervisor in ${verdict.leakedFrames} frames`,
    ]);
    expect(drawPicture(timelineOf(played), '')).toContain('LEAK');
  });
});
