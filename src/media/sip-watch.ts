import type Mrf from 'drachtio-fsmrf';
import { EarpieceError } from '../coaching/errors.ts';
import { Patience } from './patience.ts';

/** Failures in a row after which the SIP side counts as dead: one datagram may be lost. */
const PATIENCE = 2;

/** Asks a SIP profile by OPTIONS (RFC 3261 section 11) whether it takes calls: an event socket can live on where that does not. */
export class SipWatch {
  readonly #srf: Mrf.Caller;
  readonly #uri: string;
  readonly #limitMs: number;
  readonly #timer: NodeJS.Timeout;
  #failures = 0;
  #reason = '';

  /** Asks every `intervalMs`; the answer must come within the same time. `changed` is called when `failure` is another. */
  constructor(srf: Mrf.Caller, address: string, intervalMs: number, changed: () => void) {
    this.#srf = srf;
    this.#uri = `sip:${address}`;
    this.#limitMs = intervalMs;
    this.#timer = setInterval(() => {
      void this.#check(changed);
    }, intervalMs).unref();
  }

  /** Why it takes no calls; `undefined` when it does. */
  get failure(): string | undefined {
    return this.#failures < PATIENCE ? undefined : this.#reason;
  }

  /** Resolves when the profile has answered anything. Rejects with `unavailable`. */
  async look(): Promise<void> {
    try {
      const status = await new Patience().wait('the answer', this.#limitMs, this.#options());
      // drachtio's own words for what it cannot reach; whatever else is said, FreeSWITCH has said it.
      if (status === 503 || status === 408) throw new Error(`it is answered ${status}`);
    } catch (error) {
      const { message } = EarpieceError.from(error);
      throw new EarpieceError('unavailable', `its SIP profile at ${this.#uri} does not answer OPTIONS: ${message}`);
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #options(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#srf.request(this.#uri, { method: 'OPTIONS' }, (error, request) => {
        if (request === undefined) reject(EarpieceError.from(error));
        else request.on('response', ({ status }) => resolve(status));
      });
    });
  }

  async #check(changed: () => void): Promise<void> {
    const before = this.failure;
    try {
      await this.look();
      this.#failures = 0;
    } catch (error) {
      this.#failures++;
      this.#reason = EarpieceError.from(error).message;
    }
    if (this.failure !== before) changed();
  }
}
