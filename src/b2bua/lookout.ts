import { EarpieceError } from '../coaching/errors.ts';
import type { Logger } from '../log.ts';
import type { Finding } from './leg-dialog.ts';
import { OfferRefused } from './responses.ts';

/** How often a phone that cannot be heard is asked whether it is still there, in ms. */
const INTERVAL_MS = 3_000;

export interface LookoutPorts {
  /** Whether what the phone says reaches us. */
  readonly heard: () => boolean;
  readonly look: () => Promise<Finding>;
  /** Gives drachtio the dialog it has forgotten. */
  readonly rejoin: () => Promise<void>;
  /** The phone is not there any more. */
  readonly gone: () => void;
  readonly log: Logger;
}

/** Looks for a phone that cannot be heard, until it is heard again or is gone. */
export class Lookout {
  readonly #ports: LookoutPorts;
  #timer: NodeJS.Timeout | undefined;
  #looking = false;

  constructor(ports: LookoutPorts) {
    this.#ports = ports;
  }

  /** Resolves when it has looked for the first time; never rejects. */
  async start(): Promise<void> {
    this.stop();
    this.#timer = setInterval(() => void this.#look(), INTERVAL_MS).unref();
    await this.#look();
  }

  /** Twice is fine. */
  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    const { heard, look, rejoin, gone, log } = this.#ports;
    try {
      const found = await look();
      if (found === 'forgotten') await rejoin();
      // Who does not answer for as long as a transaction lasts is gone (RFC 3261 12.2.1.2).
      if (found === 'gone' || found === 'silent') gone();
      if (heard()) this.stop();
    } catch (error) {
      const silent = error instanceof OfferRefused && error.refusal.status === 408;
      if (silent || EarpieceError.from(error).code === 'timeout') gone();
      else log.warn({ err: error }, 'a phone that cannot be heard is not found');
    } finally {
      this.#looking = false;
    }
  }
}
