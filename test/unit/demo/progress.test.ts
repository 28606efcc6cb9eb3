import { describe, expect, it } from 'vitest';
import { Progress } from '../../demo/progress.ts';

class Paper {
  readonly isTTY: boolean;
  readonly columns = 30;
  written = '';
  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }
  write(text: string): void {
    this.written += text;
  }
}

function told(isTTY: boolean, environment: NodeJS.ProcessEnv = {}): string {
  const paper = new Paper(isTTY);
  const progress = new Progress(paper, environment);
  progress.step('the phones are ready');
  progress.live('who hears whom, at a length that no line has');
  progress.live('who hears whom');
  progress.say('done', 'good');
  return paper.written;
}

const escape = '\u001b';

describe('progress', () => {
  it('in a file is plain lines, each step with the time since the beginning', () => {
    expect(told(false)).toMatch(/^ +\d+\.\d s {2}the phones are ready\ndone\n$/);
  });

  it('on a terminal has colours, and what is true right now is overwritten by the next line', () => {
    const written = told(true);
    expect(written).toContain(`${escape}[32mdone`);
    const erased = `\r${escape}[2K`;
    const shown = written.split('\n').map((line) => line.slice(line.lastIndexOf(erased) + 1));
    expect(written.split(erased)).toHaveLength(4);
    expect(shown.at(-2)).toContain('done');
  });

  it('never writes a line over that is longer than the terminal is wide', () => {
    const live = told(true, { NO_COLOR: '1' }).split(`\r${escape}[2K`)[1] ?? '';
    expect(live).toHaveLength(29);
  });

  it('has no colours where NO_COLOR asks for none', () => {
    expect(told(true, { NO_COLOR: '1' })).not.toMatch(/\u001b\[\d+m/);
  });
});
