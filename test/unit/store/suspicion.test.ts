import { describe, expect, it } from 'vitest';
import type { Sign } from '../../../src/store/redis/sibling-probe.ts';
import { Suspicions, type Verdict } from '../../../src/store/redis/suspicion.ts';

type Finding = readonly [at: number, sign: Sign, verdict: Verdict];

describe('an instance whose heartbeat is missing', () => {
  it.each<readonly [string, readonly Finding[]]>([
    ['answers: it lives, as often as it is asked', [0, 20_000, 40_000].map((at) => [at, 'alive', 'alive'] as const)],
    ['is certainly not there: it is gone at once', [[0, 'dead', 'gone']]],
    [
      'says nothing: it is gone after three tries and ten seconds',
      [
        [0, 'silent', 'unknown'],
        [2_000, 'silent', 'unknown'],
        [9_999, 'silent', 'unknown'],
        [10_000, 'silent', 'gone'],
      ],
    ],
    [
      'says nothing, seldom asked by somebody who was asleep: still three tries',
      [
        [0, 'silent', 'unknown'],
        [60_000, 'silent', 'unknown'],
        [60_001, 'silent', 'gone'],
      ],
    ],
    [
      'says nothing, then answers: patience begins anew',
      [
        [0, 'silent', 'unknown'],
        [9_000, 'silent', 'unknown'],
        [9_500, 'alive', 'alive'],
        [10_500, 'silent', 'unknown'],
        [12_000, 'silent', 'unknown'],
        [19_000, 'silent', 'unknown'],
        [20_500, 'silent', 'gone'],
      ],
    ],
    [
      'says nothing, then nobody is there',
      [
        [0, 'silent', 'unknown'],
        [1_000, 'dead', 'gone'],
      ],
    ],
  ])('%s', (_, findings) => {
    const suspicions = new Suspicions({ tries: 3, patienceMs: 10_000 });
    expect(findings.map(([at, sign]) => suspicions.judge('x', sign, at))).toEqual(findings.map(([, , v]) => v));
  });

  it('whose heartbeat came back meanwhile is not held to its earlier silence, nor to that of others', () => {
    const suspicions = new Suspicions({ tries: 1, patienceMs: 10_000 });
    expect(suspicions.judge('x', 'silent', 0)).toBe('unknown');
    expect(suspicions.judge('y', 'silent', 10_000)).toBe('unknown');
    suspicions.clear('x');
    expect(suspicions.judge('x', 'silent', 10_000)).toBe('unknown');
    expect(suspicions.judge('y', 'silent', 20_000)).toBe('gone');
  });
});
