import { EarpieceError } from '../coaching/errors.ts';
import type { Logger } from '../log.ts';
import type { LegDialog } from './leg-dialog.ts';
import { OfferRefused } from './responses.ts';

/** How long after the first time a phone that cannot be heard is asked again whether it is still there, in ms: doubled each time. */
const PAUSE_MS = { first: 3_000, longest: 15_000 };

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
  #pauseMs = PAUSE_MS.first;
  #looking = false;
  /** When it was first said that the phone cannot be reached, with nothing else said since. */
  #unreachableSince: number | undefined;

  constructor(dialog: Pick<LegDialog, 'held' | 'look'>, listener: LookoutListener, log: Logger) {
    this.#dialog = dialog;
    this.#listener = listener;
    this.#log = log;
  }

  /** Resolves when it has looked for the first time; never rejects. */
  async start(): Promise<void> {
    this.stop();
    this.#pauseMs = PAUSE_MS.first;
    this.#lookLater();
    await this.#look();
  }

  /** Twice is fine. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#unreachableSince = undefined;
  }

  #lookLater(): void {
    this.#timer = setTimeout(() => {
      this.#lookLater();
      void this.#look();
    }, this.#pauseMs).unref();
    this.#pauseMs = Math.min(this.#pauseMs * 2, PAUSE_MS.longest);
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      const found = await this.#dialog.look(PATIENCE_MS);
      // There are phones that say nothing to OPTIONS within a call.
      if (found === 'forgotten' || found === 'silent') await this.#listener.rejoin();
      if (found === 'gone') this.#listener.gone();
      this.#unreachableSince = undefined;
      if (this.#dialog.held) this.stop();
    } catch (error) {
      if (this.#isGone(error)) this.#listener.gone();
      else this.#log.warn({ err: error }, 'a phone that cannot be heard is not found');
    } finally {
      this.#looking = false;
    }
  }

  /** Who does not answer for as long as a transaction lasts is gone (RFC 3261 12.2.1.2), and so is who cannot be reached for as long. */
  #isGone(error: unknown): boolean {
    const status = error instanceof OfferRefused ? error.refusal.status : undefined;
    if (status === 408 || EarpieceError.from(error).code === 'timeout') return true;
    this.#unreachableSince = status === 503 ? (this.#unreachableSince ?? performance.now()) : undefined;
    return this.#unreachableSince !== undefined && performance.now() - this.#unreachableSince >= PATIENCE_MS;
  }
}
