import { EarpieceError } from '../coaching/errors.ts';

/**
 * Bounds the waiting for what may never settle by itself: a join, an api call on a dead event socket, a wrong password
 * (drachtio-fsmrf 4.1.2 has neither a time-out nor a reject path for any of them; measured).
 */
export class Patience {
  readonly #waiting = new Set<(error: EarpieceError) => void>();
  #broken: EarpieceError | undefined;

  /**
   * The outcome of `work`, or a rejection with `timeout` after `limitMs` ms, or with the error of `breakOff`.
   * What `work` does afterwards is of no interest to anybody: pass `tooLate` to clean up after it.
   */
  wait<T>(what: string, limitMs: number, work: Promise<T>, tooLate?: (result: T) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let waiting = true;
      const giveUp = (error: EarpieceError) => {
        stop();
        reject(error);
      };
      const stop = () => {
        waiting = false;
        clearTimeout(timer);
        this.#waiting.delete(giveUp);
      };
      const timer = setTimeout(
        () => giveUp(new EarpieceError('timeout', `${what} took more than ${limitMs} ms`)),
        limitMs,
      );
      this.#waiting.add(giveUp);
      work.then(
        (result) => {
          if (!waiting) return tooLate?.(result);
          stop();
          resolve(result);
        },
        (error: unknown) => {
          if (waiting) giveUp(EarpieceError.from(error));
        },
      );
      if (this.#broken !== undefined) giveUp(this.#broken);
    });
  }

  /** Nothing that is waited for will come any more, now or later. */
  breakOff(error: EarpieceError): void {
    this.#broken ??= error;
    for (const giveUp of [...this.#waiting]) giveUp(this.#broken);
  }
}
