import { describe, expect, it } from 'vitest';
import { readOptions, type Request } from '../../demo/options.ts';

describe('the options of the demo', () => {
  it.each<[string[], Request]>([
    [[], { kind: 'play', json: false, folder: 'demo-out' }],
    [['--json'], { kind: 'play', json: true, folder: 'demo-out' }],
    [['--out', 'somewhere'], { kind: 'play', json: false, folder: 'somewhere' }],
    [['--out=some where', '--json'], { kind: 'play', json: true, folder: 'some where' }],
    [['--help'], { kind: 'help' }],
    [['-h', '--json'], { kind: 'help' }],
  ])('%j', (args, request) => {
    expect(readOptions(args)).toEqual(request);
  });

  it.each([[['--bogus']], [['--out']], [['--out=']], [['--json=yes']], [['somewhere']], [['--out', '--json']]])(
    '%j is refused in one line that names what is wrong',
    (args) => {
      const request = readOptions(args);
      expect(request.kind).toBe('refused');
      const { reason } = request as Extract<Request, { kind: 'refused' }>;
      expect(reason).not.toContain('\n');
      expect(reason).toContain((args[0] ?? '').replace(/=.*/, ''));
    },
  );
});
