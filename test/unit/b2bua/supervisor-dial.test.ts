import { pino } from 'pino';
import { expect, it } from 'vitest';
import type { Stack } from '../../../src/b2bua/stack.ts';
import { dialSupervisor } from '../../../src/b2bua/supervisor-dial.ts';

/** Takes the INVITE and says no more about it. */
const silent = { createUAC: () => undefined } as unknown as Stack;

it('a supervisor that rings when drachtio is lost is unreachable at once', async () => {
  const lost = new AbortController();
  const target = { uri: 'sip:5005@127.0.0.1', proxy: undefined, device: undefined, auth: undefined };
  const request = { targets: [target], offer: '', headers: {}, ringMs: 30_000, log: pino({ level: 'silent' }) };
  const signals = { signal: new AbortController().signal, lost: lost.signal };
  const dialled = dialSupervisor(silent, request, signals, () => 'leg');
  lost.abort();
  await expect(dialled).resolves.toEqual({ outcome: 'unreachable' });
}, 5_000);
