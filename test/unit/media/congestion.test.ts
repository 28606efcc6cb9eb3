import { describe, expect, it } from 'vitest';
import { Congestion } from '../../../src/media/congestion.ts';

/** Steps that never settle. */
function fill(congestion: Congestion, steps: number): void {
  for (let n = 0; n < steps; n++) void congestion.count(new Promise(() => undefined));
}

describe('the limit of what is under way at a server', () => {
  it('stops the next when it is reached, and no earlier', async () => {
    const congestion = new Congestion();
    fill(congestion, congestion.limit - 1);
    expect(congestion.congested).toBe(false);
    let finish: () => void = () => undefined;
    const last = congestion.count(
      new Promise<void>((resolve) => {
        finish = resolve;
      }),
    );
    expect(congestion.congested).toBe(true);
    finish();
    await last;
    expect(congestion.congested).toBe(false);
  });

  it('counts a step that fails as over', async () => {
    const congestion = new Congestion();
    fill(congestion, congestion.limit - 1);
    await expect(congestion.count(Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(congestion.congested).toBe(false);
  });

  it('falls with every slow step, to a few that always remain', () => {
    const congestion = new Congestion();
    const before = congestion.limit;
    congestion.taken(201);
    expect(congestion.limit).toBeLessThan(before);
    for (let n = 0; n < 100; n++) congestion.taken(5000);
    expect(congestion.limit).toBe(32);
  });

  it('grows with quick steps where it is made use of, and only there', () => {
    const congestion = new Congestion();
    const before = congestion.limit;
    congestion.taken(20);
    expect(congestion.limit).toBe(before);
    fill(congestion, before);
    for (let n = 0; n < before; n++) congestion.taken(20);
    expect(congestion.limit).toBeGreaterThan(before + 0.9);
  });
});
