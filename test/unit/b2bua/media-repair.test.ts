import { pino } from 'pino';
import { expect, it } from 'vitest';
import { pauses, repair } from '../../../src/b2bua/media-repair.ts';

const log = pino({ level: 'silent' });

it('waits twice as long after each refusal, and never longer than half a minute', () => {
  const each = pauses();
  expect(Array.from({ length: 9 }, () => each.next().value)).toEqual([
    500, 1000, 2000, 4000, 8000, 16_000, 32_000, 32_000, 32_000,
  ]);
});

it('tries nothing once it is superseded, be it while it waits or while it tries', async () => {
  let tried = 0;
  const superseded = new AbortController();
  const attempt = () => {
    tried++;
    return Promise.resolve();
  };
  const waiting = repair(attempt, superseded.signal, log);
  superseded.abort('anchored');
  await waiting;
  expect(tried).toBe(0);

  const newer = new AbortController();
  const refused = () => {
    tried++;
    newer.abort('anchored');
    return Promise.reject(new Error('refused'));
  };
  await repair(refused, newer.signal, log);
  expect(tried).toBe(1);
});

it('ends with its first success', async () => {
  const outcomes = ['refused', 'agreed', 'never asked'];
  await repair(
    () => (outcomes.shift() === 'agreed' ? Promise.resolve() : Promise.reject(new Error('refused'))),
    new AbortController().signal,
    log,
  );
  expect(outcomes).toEqual(['never asked']);
});
