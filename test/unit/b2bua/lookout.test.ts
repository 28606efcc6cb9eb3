import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Finding } from '../../../src/b2bua/leg-dialog.ts';
import { Lookout } from '../../../src/b2bua/lookout.ts';
import { OfferRefused } from '../../../src/b2bua/responses.ts';

/** A phone of which `look` finds this; what is done about it, in order, with the seconds when. */
function lookingFor(finding: Finding, rejoin: () => Promise<void> = () => Promise.resolve()) {
  const did: string[] = [];
  const began = performance.now();
  const at = (what: string) => did.push(`${what} ${Math.round((performance.now() - began) / 1000)}`);
  const dialog = {
    held: false,
    look: () => {
      at('look');
      return Promise.resolve(finding);
    },
  };
  const gone = () => {
    at('gone');
    lookout.stop();
  };
  const rejoins = () => {
    at('rejoin');
    return rejoin();
  };
  const lookout = new Lookout(dialog, { rejoin: rejoins, gone }, pino({ level: 'silent' }));
  return { lookout, did };
}

describe('a phone that is looked for', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is asked less and less often while it is there', async () => {
    const { lookout, did } = lookingFor('there');
    await lookout.start();
    await vi.advanceTimersByTimeAsync(60_000);
    lookout.stop();
    expect(did).toEqual(['look 0', 'look 3', 'look 9', 'look 21', 'look 36', 'look 51']);
  });

  it('that says nothing to OPTIONS is asked by an INVITE before it is given up', async () => {
    const { lookout, did } = lookingFor('silent');
    await lookout.start();
    lookout.stop();
    expect(did).toEqual(['look 0', 'rejoin 0']);
    const mute = lookingFor('silent', () => Promise.reject(new OfferRefused({ status: 408 })));
    await mute.lookout.start();
    expect(mute.did).toEqual(['look 0', 'rejoin 0', 'gone 0']);
  });

  it('that cannot be reached for as long as a transaction lasts is gone; one that refuses is not', async () => {
    const unreachable = lookingFor('forgotten', () => Promise.reject(new OfferRefused({ status: 503 })));
    await unreachable.lookout.start();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(unreachable.did.at(-1)).toBe('gone 36');
    const unwilling = lookingFor('forgotten', () => Promise.reject(new OfferRefused({ status: 488 })));
    await unwilling.lookout.start();
    await vi.advanceTimersByTimeAsync(120_000);
    unwilling.lookout.stop();
    expect(unwilling.did.filter((what) => what.startsWith('gone'))).toEqual([]);
  });
});
