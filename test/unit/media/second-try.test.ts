import { describe, expect, it, vi } from 'vitest';
import { withSecondTry } from '../../../src/media/second-try.ts';

const refused = (status: number) => Object.assign(new Error(`Sip non-success response: ${status}`), { status });

describe('a second try', () => {
  it('is made after 488, when the RTP port may have been taken', async () => {
    const make = vi.fn().mockRejectedValueOnce(refused(488)).mockResolvedValueOnce('channel');
    await expect(withSecondTry(make)).resolves.toBe('channel');
    expect(make).toHaveBeenCalledTimes(2);
  });

  it('is the last', async () => {
    const make = vi.fn().mockRejectedValue(refused(488));
    await expect(withSecondTry(make)).rejects.toMatchObject({ status: 488 });
    expect(make).toHaveBeenCalledTimes(2);
  });

  it.each([refused(503), new Error('no answer')])('is not made after %s', async (error) => {
    const make = vi.fn().mockRejectedValue(error);
    await expect(withSecondTry(make)).rejects.toBe(error);
    expect(make).toHaveBeenCalledTimes(1);
  });
});
