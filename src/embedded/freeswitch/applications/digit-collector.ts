import type { ChannelHandle } from '../channel/handle.ts';

export interface DigitRules {
  readonly min: number;
  readonly max: number;
  /** Ends the entry and is not part of it. */
  readonly terminators: string;
  /** ms until the first digit has to come. */
  readonly timeout: number;
  /** ms between two digits. */
  readonly digitTimeout: number;
}

/** What came of waiting for digits; `broken` by the hang-up or uuid_break. */
export interface Entry {
  readonly digits: string;
  readonly terminator: string | undefined;
  readonly ended: 'complete' | 'timeout' | 'broken';
}

/** Takes the digits of a phone from the moment it is made, as `read` does (switch_ivr_read of FreeSWITCH 1.10.12). */
export class DigitCollector {
  readonly #rules: DigitRules;
  readonly #stopListening: () => void;
  readonly #first: Promise<void>;
  #tellFirst: () => void = () => undefined;
  #tellNext: () => void = () => undefined;
  #digits = '';
  #terminator: string | undefined;

  constructor(channel: ChannelHandle, rules: DigitRules) {
    this.#rules = rules;
    this.#first = new Promise((resolve) => (this.#tellFirst = resolve));
    this.#stopListening = channel.listen(({ digit }) => this.#take(digit));
  }

  /** Resolves with the first key, terminators included. */
  get first(): Promise<void> {
    return this.#first;
  }

  /** Waits until the entry is complete, or for as long as the rules say. */
  async collect(signal: AbortSignal): Promise<Entry> {
    const { timeout, digitTimeout } = this.#rules;
    try {
      while (!this.#complete) {
        const why = await this.#wait(this.#digits === '' ? timeout : digitTimeout, signal);
        if (why !== 'key') return { digits: this.#digits, terminator: undefined, ended: why };
      }
      return { digits: this.#digits, terminator: this.#terminator, ended: 'complete' };
    } finally {
      this.#stopListening();
    }
  }

  get #complete(): boolean {
    return this.#terminator !== undefined || this.#digits.length >= this.#rules.max;
  }

  #take(digit: string): void {
    if (this.#complete) return;
    if (this.#rules.terminators.includes(digit)) this.#terminator = digit;
    else this.#digits += digit;
    this.#tellFirst();
    this.#tellNext();
  }

  #wait(ms: number, signal: AbortSignal): Promise<'key' | 'timeout' | 'broken'> {
    return new Promise((resolve) => {
      const settle = (why: 'key' | 'timeout' | 'broken'): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', broken);
        this.#tellNext = () => undefined;
        resolve(why);
      };
      const broken = (): void => settle('broken');
      const timer = setTimeout(() => settle('timeout'), ms);
      this.#tellNext = () => settle('key');
      signal.addEventListener('abort', broken, { once: true });
      if (signal.aborted) broken();
    });
  }
}
