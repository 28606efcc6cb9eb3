import { describe, expect, it } from 'vitest';
import { WriteBehind, type Writes } from '../../../src/store/write-behind.ts';

/** A place to write to, where each batch is under way until it is let through or refused. */
class Gate {
  readonly batches: Record<string, string | undefined>[] = [];
  readonly failures: (string | undefined)[] = [];
  readonly behind = new WriteBehind({
    retryMs: 1e6,
    write: (writes) => this.#write(writes),
    failing: (error) => this.failures.push(error?.message),
  });
  #end: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined;
  #begun: () => void = () => undefined;

  /** Resolves when the next batch is under way. */
  next(): Promise<void> {
    return new Promise((resolve) => (this.#begun = resolve));
  }

  succeed(): void {
    this.#end?.resolve();
  }

  fail(reason: string): void {
    this.#end?.reject(new Error(reason));
  }

  #write(writes: Writes): Promise<void> {
    this.batches.push(Object.fromEntries(writes));
    this.#begun();
    return new Promise((resolve, reject) => (this.#end = { resolve, reject }));
  }
}

describe('writes behind', () => {
  it('are flushed with the batch that they are in, however much is written meanwhile', async () => {
    const gate = new Gate();
    const { behind } = gate;
    let begun = gate.next();
    behind.put('a', '1');
    await begun;
    behind.put('b', '2');
    const flushed = behind.flushed().then(() => gate.batches.length);
    for (let n = 3; n < 10; n++) {
      begun = gate.next();
      gate.succeed();
      await begun;
      behind.put(`more ${n}`, String(n));
    }
    // Had it waited for the end of all, it would still wait.
    await expect(flushed).resolves.toBeLessThanOrEqual(3);
    gate.succeed();
  });

  it('go in batches, the last of each key, and a batch that failed goes with what came after it', async () => {
    const gate = new Gate();
    const { behind } = gate;
    let begun = gate.next();
    behind.put('a', '1');
    behind.put('b', '1');
    behind.put('a', '2');
    await begun;
    behind.put('b', undefined);
    behind.put('c', '3');
    const flushed = behind.flushed();
    gate.fail('full');
    await flushed;
    begun = gate.next();
    behind.hurry();
    await begun;
    gate.succeed();
    await behind.flushed();
    const whole = { a: '2', b: undefined, c: '3' };
    expect(gate.batches).toEqual([{ a: '2', b: '1' }, whole]);
  });

  it('tell why they fail, once for each reason, and when they do not any more', async () => {
    const gate = new Gate();
    const { behind } = gate;
    const attempt = async (end: () => void) => {
      const begun = gate.next();
      behind.hurry();
      await begun;
      end();
      await behind.flushed();
    };
    behind.put('a', '1');
    for (const reason of ['full', 'full', 'read only']) await attempt(() => gate.fail(reason));
    await attempt(() => gate.succeed());
    expect(gate.failures).toEqual(['full', 'read only', undefined]);
  });
});
