import { describe, expect, it } from 'vitest';
import { Doorway } from '../../../src/media/doorway.ts';

/** Somebody on the way through, and what has happened so far. */
function passage(doorway: Doorway, did: string[]) {
  return (name: string, way: 'enter' | 'leave', failure?: Error) => {
    let finish: () => void = () => undefined;
    const passed = doorway[way](
      () =>
        new Promise<void>((resolve, reject) => {
          did.push(name);
          finish = () => (failure === undefined ? resolve() : reject(failure));
        }),
    );
    return { passed, finish: () => finish() };
  };
}

/** Everything that can happen by itself has happened. */
const quiet = () => new Promise((resolve) => setImmediate(resolve));

describe('the doorway of a conference', () => {
  it('holds an arrival until a departure is over, and a departure until an arrival is', async () => {
    const did: string[] = [];
    const through = passage(new Doorway(), did);
    const leaves = through('leaves', 'leave');
    const enters = through('enters', 'enter');
    await quiet();
    expect(did).toEqual(['leaves']);
    leaves.finish();
    await leaves.passed;
    await quiet();
    expect(did).toEqual(['leaves', 'enters']);
    const last = through('leaves after all', 'leave');
    await quiet();
    expect(did).toHaveLength(2);
    enters.finish();
    await enters.passed;
    await quiet();
    last.finish();
    await last.passed;
    expect(did).toEqual(['leaves', 'enters', 'leaves after all']);
  });

  it('lets several through the same way at once', async () => {
    const did: string[] = [];
    const through = passage(new Doorway(), did);
    const [a, b] = [through('a', 'enter'), through('b', 'enter')];
    expect(did).toEqual(['a', 'b']);
    a.finish();
    b.finish();
    await Promise.all([a.passed, b.passed]);
  });

  it('is free again after somebody has failed', async () => {
    const did: string[] = [];
    const through = passage(new Doorway(), did);
    const fails = through('fails', 'leave', new Error('killed'));
    const enters = through('enters', 'enter');
    fails.finish();
    await expect(fails.passed).rejects.toThrow('killed');
    await quiet();
    expect(did).toEqual(['fails', 'enters']);
    enters.finish();
    await enters.passed;
  });
});
