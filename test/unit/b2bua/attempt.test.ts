import { expect, it } from 'vitest';
import { Attempt, type AttemptListener } from '../../../src/b2bua/attempt.ts';
import type { Stack } from '../../../src/b2bua/stack.ts';

const nobody: AttemptListener = {
  provisional: () => undefined,
  answered: () => undefined,
  offered: () => undefined,
  refused: () => undefined,
};
/** Takes the INVITE and says no more about it. */
const silent = { createUAC: () => undefined } as unknown as Stack;
const timersThatKeepUsAlive = () => process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;

it('does not keep the process alive for an INVITE that was given up', () => {
  const before = timersThatKeepUsAlive();
  const attempt = new Attempt(silent, 'sip:5001@127.0.0.1', { headers: {} }, 30_000, nobody);
  expect(timersThatKeepUsAlive()).toBe(before + 1);
  attempt.cancel();
  expect(timersThatKeepUsAlive()).toBe(before);
});
