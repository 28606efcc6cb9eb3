import { Watch } from '../../support/watch.ts';

/** A log that can be waited for. */
export class Diary {
  readonly lines: string[] = [];
  readonly #watch = new Watch();

  write(line: string): void {
    this.lines.push(line);
    this.#watch.touch();
  }

  /** Resolves when a line with this text is there. */
  says(text: string): Promise<string> {
    const found = () => this.lines.find((line) => line.includes(text));
    return this.#watch.until(`the log to say "${text}"`, found, () => this.lines.join(''));
  }
}
