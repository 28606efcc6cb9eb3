import { describe, expect, it, vi } from 'vitest';
import { EarpieceError } from '../../../src/coaching/errors.ts';
import { Patience } from '../../../src/media/patience.ts';

const never = new Promise<never>(() => undefined);

describe('patience', () => {
  it('gives the outcome of the work', async () => {
    const patience = new Patience();
    await expect(patience.wait('a join', 1000, Promise.resolve(5))).resolves.toBe(5);
    await expect(patience.wait('a join', 1000, Promise.reject(new Error('no')))).rejects.toMatchObject({
      code: 'unavailable',
      message: 'no',
    });
  });

  it('ends with the time', async () => {
    await expect(new Patience().wait('a join', 1, never)).rejects.toMatchObject({
      code: 'timeout',
      message: 'a join took more than 1 ms',
    });
  });

  it('is broken off, for those who wait and those who come later', async () => {
    const patience = new Patience();
    const gone = new EarpieceError('unavailable', 'gone');
    const waiting = patience.wait('a join', 60_000, never);
    patience.breakOff(gone);
    await expect(waiting).rejects.toBe(gone);
    await expect(patience.wait('a join', 60_000, never)).rejects.toBe(gone);
  });

  it('hands over what came too late, to be cleaned up', async () => {
    const patience = new Patience();
    const tooLate = vi.fn();
    const { promise, resolve } = withResolvers<string>();
    const waiting = patience.wait('an endpoint', 60_000, promise, tooLate);
    patience.breakOff(new EarpieceError('unavailable', 'gone'));
    await expect(waiting).rejects.toMatchObject({ code: 'unavailable' });
    resolve('endpoint');
    await promise;
    expect(tooLate).toHaveBeenCalledExactlyOnceWith('endpoint');
  });

  it('does not mind what fails too late', async () => {
    const patience = new Patience();
    patience.breakOff(new EarpieceError('unavailable', 'gone'));
    const failing = Promise.reject(new Error('too late'));
    await expect(patience.wait('an endpoint', 60_000, failing)).rejects.toMatchObject({ message: 'gone' });
  });
});

function withResolvers<T>() {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
