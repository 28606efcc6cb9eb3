import { ackTo, cancelOf } from './client-messages.ts';
import { ClientTransactionMachine } from './client-transaction.ts';
import { serializeMessage, type SipRequest, type SipResponse } from './message.ts';
import { NonInviteClient } from './non-invite-client.ts';
import { nothing, unlessReliable } from './transaction-context.ts';
import type { SipSource } from './transport.ts';

/**
 * INVITE client transaction (RFC 3261 17.1.1 with RFC 6026):
 *
 *     waiting ──1xx──▶ proceeding
 *        ├─────2xx────────┴──▶ accepted  (lingers for timer M, repeated 2xx go to the owner)
 *        └───3xx–6xx──────┴──▶ completed (lingers for timer D, answers repetitions with its ACK)
 */
export class InviteClient extends ClientTransactionMachine {
  /** The CANCEL, and whether it is out. */
  #cancel: { readonly request: SipRequest; sent: boolean } | undefined;

  receive(response: SipResponse, source: SipSource): void {
    if (this.state === 'over') return;
    if (response.status < 200) this.#proceed();
    else if (response.status < 300) this.#accept();
    else this.#complete(response);
    this.on.response(response, source);
  }

  /**
   * Cancels; before the first provisional response the CANCEL is held back (RFC 3261 9.1).
   * @returns the CANCEL as it is or will be sent; undefined when there is nothing to cancel any more.
   */
  cancel(extra: readonly (readonly [string, string])[] = []): SipRequest | undefined {
    if (this.state === 'over') return undefined;
    this.#cancel ??= { request: cancelOf(this.request, extra), sent: false };
    if (this.state === 'proceeding') this.#sendCancel();
    return this.#cancel.request;
  }

  /** Timer A: doubles without a limit (17.1.1.2). */
  protected nextInterval(interval: number): number {
    return 2 * interval;
  }

  #proceed(): void {
    if (this.state !== 'waiting') return;
    this.state = 'proceeding';
    this.stopTimers();
    this.#sendCancel();
  }

  #accept(): void {
    this.end();
    const { on } = this;
    const { answeredClients, timers } = this.context;
    answeredClients.add(this.key, timers.linger, (message, source) => {
      if (message.kind === 'response' && message.status >= 200 && message.status < 300) on.response(message, source);
    });
  }

  #complete(response: SipResponse): void {
    this.end();
    const { answeredClients, timers, transport } = this.context;
    const { target } = this;
    const ack = serializeMessage(ackTo(this.request, response));
    // A lost ACK is asked for again by the repeated response, which is all there is to do about it.
    const acknowledge = (): void => void transport.sendBytes(ack, target).catch(nothing);
    acknowledge();
    answeredClients.add(this.key, unlessReliable(timers.linger, target), acknowledge);
  }

  #sendCancel(): void {
    if (this.#cancel === undefined || this.#cancel.sent) return;
    this.#cancel.sent = true;
    // Its own answer says nothing: the INVITE's does. Without one the INVITE counts as cancelled after 64*T1 (9.1).
    const on = { response: nothing, failed: nothing };
    new NonInviteClient(this.context, this.#cancel.request, this.branch, this.target, on);
    this.waitForAnswer();
  }
}
