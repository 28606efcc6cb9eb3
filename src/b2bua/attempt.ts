import {
  refusalOf as refusedWith,
  type AnsweredDialog,
  type Headers,
  type InviteOptions,
  type OfferedDialog,
  type SentRequest,
  type Stack,
  type StackResponse,
} from './stack.ts';

/** How long drachtio may take to bring an INVITE to its end after CANCEL, in ms: timer B and some. */
const CANCELLED_MS = 34_000;

/** How an INVITE ended that was not answered. */
export interface Refused {
  /** A SIP status. Local failures (no connection, no route) are 503. */
  readonly status: number;
  readonly reason: string | undefined;
  readonly response: StackResponse | undefined;
  /** The phone had said that it rings. */
  readonly rang: boolean;
  /** We gave up: it rang too long. */
  readonly timedOut: boolean;
}

/** Told while the message is handled; exactly one of `answered` and `refused`, once. */
export interface AttemptListener {
  provisional(response: StackResponse): void;
  answered(dialog: AnsweredDialog): void;
  /** The answer has an offer in it: ours had none. */
  offered(dialog: OfferedDialog): void;
  refused(refused: Refused): void;
}

/** One INVITE to one phone, up to its final response. */
export class Attempt {
  readonly #listener: AttemptListener;
  #state: 'trying' | 'cancelled' | 'over' = 'trying';
  #sent: SentRequest | undefined;
  #cancelHeaders: Headers = {};
  #rang = false;
  #timedOut = false;
  #timer: NodeJS.Timeout;

  /** `ringMs`: how long the phone may ring, in milliseconds. */
  constructor(stack: Stack, uri: string, options: InviteOptions, ringMs: number, listener: AttemptListener) {
    this.#listener = listener;
    this.#timer = setTimeout(() => {
      this.#timedOut = true;
      this.cancel();
    }, ringMs);
    const progress = {
      cbRequest: (_error: unknown, request?: SentRequest) => this.#onSent(request),
      cbProvisional: (response: StackResponse) => this.#onProvisional(response),
    };
    try {
      stack.createUAC(uri, options, progress, (error, dialog) => {
        if (dialog === undefined) this.#onRefused(error);
        else this.#onAnswered(dialog);
      });
    } catch (error) {
      // There is no connection to drachtio, or the URI is none. Told like every other failure: after this constructor.
      queueMicrotask(() => this.#onRefused(error));
    }
  }

  /** Sends CANCEL, as soon as that is possible. Twice is fine. */
  cancel(headers: Headers = {}): void {
    if (this.#state !== 'trying') return;
    this.#state = 'cancelled';
    this.#cancelHeaders = headers;
    clearTimeout(this.#timer);
    // Nothing to stay alive for: after close nobody waits for the end of a call that was given up.
    this.#timer = setTimeout(() => {
      this.#refuse({ status: 487, reason: undefined, response: undefined });
    }, CANCELLED_MS).unref();
    this.#sendCancel();
  }

  /** The connection to drachtio is lost: how it ends nobody will tell us. */
  lost(): void {
    this.#refuse({ status: 503, reason: undefined, response: undefined });
  }

  #onSent(request: SentRequest | undefined): void {
    this.#sent = request;
    if (this.#state === 'cancelled') this.#sendCancel();
  }

  #sendCancel(): void {
    // Its failure needs no care: the INVITE has then come to its end already.
    this.#sent?.cancel({ headers: this.#cancelHeaders }, () => undefined);
  }

  #onProvisional(response: StackResponse): void {
    if (this.#state !== 'trying' || response.status === 100) return;
    this.#rang = true;
    this.#listener.provisional(response);
  }

  #onAnswered(dialog: AnsweredDialog | OfferedDialog): void {
    if (this.#state === 'trying') {
      this.#over();
      if ('id' in dialog) this.#listener.answered(dialog);
      else this.#listener.offered(dialog);
      return;
    }
    // The answer crossed our CANCEL (RFC 3261 9.1): it is acknowledged, and the dialog ended.
    if ('id' in dialog) dialog.destroy({ headers: {} }, () => undefined);
    else void dialog.destroy();
    this.#refuse({ status: 487, reason: undefined, response: undefined });
  }

  #onRefused(error: unknown): void {
    const refusal = refusedWith(error);
    this.#refuse({ status: refusal?.status ?? 503, reason: refusal?.reason, response: refusal?.res });
  }

  #refuse(refusal: Pick<Refused, 'status' | 'reason' | 'response'>): void {
    if (this.#state === 'over') return;
    this.#over();
    this.#listener.refused({ ...refusal, rang: this.#rang, timedOut: this.#timedOut });
  }

  #over(): void {
    this.#state = 'over';
    clearTimeout(this.#timer);
  }
}

/** Nobody is there; another contact of the same device may be. */
export const isUnreachable = ({ status, rang }: Refused): boolean =>
  [404, 410, 502, 503].includes(status) || (status === 408 && !rang);
