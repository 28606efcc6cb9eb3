import { EarpieceError } from '../coaching/errors.ts';
import type { Logger } from '../log.ts';
import type { LegDialog } from './leg-dialog.ts';
import { OfferRefused } from './responses.ts';

/** How often a phone that cannot be heard is asked whether it is still there, in ms. */
const INTERVAL_MS = 3_000;

/** How long the phone may take to answer, in ms: as long as a transaction lasts (64 × T1). */
const PATIENCE_MS = 32_000;

export interface LookoutListener {
  /** Gives drachtio the dialog it has forgotten. */
  rejoin(): Promise<void>;
  /** The phone is not there any more. */
  gone(): void;
}

/** Looks for a phone that cannot be heard, until it is heard again or is gone. */
export class Lookout {
  readonly #dialog: Pick<LegDialog, 'held' | 'look'>;
  readonly #listener: LookoutListener;
  readonly #log: Logger;
  #timer: NodeJS.Timeout | undefined;
  #looking = false;

  constructor(dialog: Pick<LegDialog, 'held' | 'look'>, listener: LookoutListener, log: Logger) {
    this.#dialog = dialog;
    this.#listener = listener;
    this.#log = log;
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
    try {
      const found = await this.#dialog.look(PATIENCE_MS);
      if (found === 'forgotten') await this.#listener.rejoin();
      // Who does not answer for as long as a transaction lasts is gone (RFC 3261 12.2.1.2).
      if (found === 'gone' || found === 'silent') this.#listener.gone();
      if (this.#dialog.held) this.stop();
    } catch (error) {
      const silent = error instanceof OfferRefused && error.refusal.status === 408;
      if (silent || EarpieceError.from(error).code === 'timeout') this.#listener.gone();
      else this.#log.warn({ err: error }, 'a phone that cannot be heard is not found');
    } finally {
      this.#looking = false;
    }
  }
}
