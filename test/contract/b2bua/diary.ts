import { type Wait, Watch } from '../../support/watch.ts';

/** A log that can be waited for. */
export class Diary {
  readonly lines: string[] = [];
  readonly #watch = new Watch();

  write(line: string): void {
    this.lines.push(line);
    this.#watch.touch();
  }

  /** Resolves when a line with this text is there, so many times. */
  says(text: string, times = 1, wait?: Wait): Promise<string> {
    const found = () => this.lines.filter((line) => line.includes(text))[times - 1];
    return this.#watch.until(`the log to say "${text}"`, found, () => this.lines.join(''), wait);
  }
}
