import { styleText } from 'node:util';

/** Where progress is shown: process.stdout, process.stderr, or a test. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export type Tone = 'plain' | 'faint' | 'good' | 'bad' | 'bold';

const formats = { plain: 'reset', faint: 'dim', good: 'green', bad: 'red', bold: 'bold' } as const;
const eraseLine = '\r\u001b[2K';

/**
 * Lines that tell how the demo goes on, each with the time since it began. On a terminal they have colours, and below the last
 * one stands what is true right now; in a file they are plain text.
 */
export class Progress {
  readonly #screen: Screen;
  readonly #begun = performance.now();
  readonly #coloured: boolean;
  #live = false;

  constructor(screen: Screen, environment: NodeJS.ProcessEnv = process.env) {
    this.#screen = screen;
    // https://no-color.org
    this.#coloured = screen.isTTY === true && (environment['NO_COLOR'] ?? '') === '';
  }

  /** Whether a line can be written over: only a terminal can. */
  get canShowLive(): boolean {
    return this.#screen.isTTY === true;
  }

  step(text: string): void {
    this.#line(`${this.#paint('faint', this.#elapsed())}  ${text}`);
  }

  say(text = '', tone: Tone = 'plain'): void {
    this.#line(text === '' ? '' : this.#paint(tone, text));
  }

  /** What is true right now; the next line takes its place. */
  live(text: string): void {
    if (!this.canShowLive) return;
    const line = `${this.#elapsed()}  ${text}`.slice(0, (this.#screen.columns ?? 80) - 1);
    this.#screen.write(eraseLine + this.#paint('faint', line));
    this.#live = true;
  }

  #elapsed(): string {
    return `${((performance.now() - this.#begun) / 1000).toFixed(1).padStart(6)} s`;
  }

  #paint(tone: Tone, text: string): string {
    // The screen was looked at already; styleText would ask stdout, whichever stream this is.
    return this.#coloured && tone !== 'plain' ? styleText(formats[tone], text, { validateStream: false }) : text;
  }

  #line(text: string): void {
    this.#screen.write(`${this.#live ? eraseLine : ''}${text}\n`);
    this.#live = false;
  }
}
