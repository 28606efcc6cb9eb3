import type { SipRequest, SipResponse } from '../sip/message.ts';
import type { ClientTransaction, FailureReason, TransactionLayer } from '../sip/transaction.ts';
import type { SipSource, SipTarget } from '../sip/transport.ts';

/** RFC 3261 16.6 step 11: more than three minutes for an INVITE that rings; the value of drachtio-server 0.9.10. */
const TIMER_C_MS = 185_000;

export interface BranchEvents {
  /** Any response but 100 Trying; to an INVITE also repetitions of its 2xx. */
  response(response: SipResponse, source: SipSource): void;
  /** No final response will come, or it is not waited for any longer. */
  silent(reason: FailureReason | 'no-provisional'): void;
}

/**
 * A request proxied to one destination:
 *
 *     waiting ─▶ trying ──1xx──▶ ringing
 *                   └────final────┴──▶ over
 */
export class ProxyBranch {
  readonly destination: string;
  /** The final response; undefined while there is none, and for a destination that never gave one. */
  final: SipResponse | undefined;
  #state: 'waiting' | 'trying' | 'ringing' | 'over' = 'waiting';
  #client: ClientTransaction | undefined;
  #patience: NodeJS.Timeout | undefined;

  constructor(destination: string) {
    this.destination = destination;
  }

  get isWaiting(): boolean {
    return this.#state === 'waiting';
  }

  get isActive(): boolean {
    return this.#state === 'trying' || this.#state === 'ringing';
  }

  /** @param provisionalTimeout ms without any response after which the destination is given up. */
  send(
    layer: TransactionLayer,
    request: SipRequest,
    target: SipTarget,
    provisionalTimeout: number | undefined,
    on: BranchEvents,
  ): SipRequest {
    this.#state = 'trying';
    this.#client = layer.request(request, target, {
      response: (response, source) => {
        this.#receive(request.method, response, source, on);
      },
      failed: (reason) => {
        if (!this.isActive) return;
        this.skip();
        on.silent(reason);
      },
    });
    if (provisionalTimeout !== undefined) this.#waitAtMost(provisionalTimeout, 'no-provisional', on);
    return this.#client.request;
  }

  /** Never mind: a branch that waits is not begun any more. */
  skip(): void {
    this.#state = 'over';
    clearTimeout(this.#patience);
  }

  /** Asks the destination to stop ringing; its final response still comes. */
  cancel(): void {
    if (this.#state === 'waiting') this.skip();
    else this.#client?.cancel();
  }

  #receive(method: string, response: SipResponse, source: SipSource, on: BranchEvents): void {
    if (this.isActive) {
      clearTimeout(this.#patience);
      if (response.status < 200) {
        this.#state = 'ringing';
        if (method === 'INVITE') this.#waitAtMost(TIMER_C_MS, 'timeout', on);
      } else {
        this.#state = 'over';
        this.final = response;
      }
    }
    // RFC 3261 16.7 step 5: 100 Trying is for us alone.
    if (response.status > 100) on.response(response, source);
  }

  /** Whoever is given up is cancelled, which is held back until it says something. */
  #waitAtMost(ms: number, reason: 'timeout' | 'no-provisional', on: BranchEvents): void {
    this.#patience = setTimeout(() => {
      this.skip();
      this.#client?.cancel();
      on.silent(reason);
    }, ms);
  }
}
