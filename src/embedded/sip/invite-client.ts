import { ackTo, cancelOf } from './client-messages.ts';
import { serializeMessage, type SipRequest, type SipResponse } from './message.ts';
import { NonInviteClient } from './non-invite-client.ts';
import {
  clientKey,
  nothing,
  unlessReliable,
  type ClientHandlers,
  type ClientMachine,
  type FailureReason,
  type TransactionContext,
} from './transaction-context.ts';
import type { SipSource, SipTarget } from './transport.ts';

type State = 'calling' | 'proceeding' | 'over';
type Cancel = 'none' | 'held' | 'sent';

/**
 * INVITE client transaction (RFC 3261 17.1.1 with RFC 6026):
 *
 *     calling ──1xx──▶ proceeding
 *        ├─────2xx────────┴──▶ accepted  (lingers for timer M, repeated 2xx go to the owner)
 *        └───3xx–6xx──────┴──▶ completed (lingers for timer D, answers repetitions with its ACK)
 */
export class InviteClient implements ClientMachine {
  readonly request: SipRequest;
  readonly branch: string;
  readonly #context: TransactionContext;
  readonly #target: SipTarget;
  readonly #on: ClientHandlers;
  readonly #text: string;
  #state: State = 'calling';
  #cancel: Cancel = 'none';
  #cancelRequest: SipRequest | undefined;
  #interval: number;
  #timerA: NodeJS.Timeout | undefined;
  #timerB: NodeJS.Timeout;

  constructor(context: TransactionContext, request: SipRequest, branch: string, target: SipTarget, on: ClientHandlers) {
    this.#context = context;
    this.request = request;
    this.branch = branch;
    this.#target = target;
    this.#on = on;
    this.#text = serializeMessage(request);
    this.#interval = context.timers.T1;
    context.clients.set(this.#key, this);
    this.#timerB = setTimeout(timeOut, context.timers.giveUp, this);
    if (target.protocol === 'udp') this.#timerA = setTimeout(repeat, this.#interval, this);
    this.#send();
  }

  receive(response: SipResponse, source: SipSource): void {
    if (this.#state === 'over') return;
    if (response.status < 200) this.#proceed();
    else if (response.status < 300) this.#accept();
    else this.#complete(response);
    this.#on.response(response, source);
  }

  /**
   * Cancels; before the first provisional response the CANCEL is held back (RFC 3261 9.1).
   * @returns the CANCEL as it is or will be sent; undefined when there is nothing to cancel any more.
   */
  cancel(extra: readonly (readonly [string, string])[] = []): SipRequest | undefined {
    if (this.#state === 'over') return undefined;
    if (this.#cancel === 'none') {
      this.#cancelRequest = cancelOf(this.request, extra);
      this.#cancel = 'held';
      if (this.#state === 'proceeding') this.#sendCancel();
    }
    return this.#cancelRequest;
  }

  abandon(): void {
    this.#end();
  }

  /** Timer A: doubles without a limit (17.1.1.2). */
  repeat(): void {
    this.#interval *= 2;
    this.#timerA = setTimeout(repeat, this.#interval, this);
    this.#send();
  }

  fail(reason: FailureReason, detail?: string): void {
    if (this.#state === 'over') return;
    this.#end();
    this.#on.failed(reason, detail);
  }

  get #key(): string {
    return clientKey(this.branch, 'INVITE');
  }

  #proceed(): void {
    if (this.#state !== 'calling') return;
    this.#state = 'proceeding';
    clearTimeout(this.#timerA);
    clearTimeout(this.#timerB);
    if (this.#cancel === 'held') this.#sendCancel();
  }

  #accept(): void {
    this.#end();
    const { answeredClients, timers } = this.#context;
    const on = this.#on;
    answeredClients.add(this.#key, timers.linger, (message, source) => {
      if (message.kind === 'response' && message.status >= 200 && message.status < 300) on.response(message, source);
    });
  }

  #complete(response: SipResponse): void {
    this.#end();
    const { answeredClients, timers, transport } = this.#context;
    const target = this.#target;
    const ack = serializeMessage(ackTo(this.request, response));
    // A lost ACK is asked for again by the repeated response, which is all there is to do about it.
    const acknowledge = (): void => void transport.sendBytes(ack, target).catch(nothing);
    acknowledge();
    answeredClients.add(this.#key, unlessReliable(timers.linger, target), acknowledge);
  }

  #sendCancel(): void {
    if (this.#cancelRequest === undefined) return;
    this.#cancel = 'sent';
    // Its own answer says nothing: the INVITE's does. Without one the INVITE counts as cancelled after 64*T1 (9.1).
    new NonInviteClient(this.#context, this.#cancelRequest, this.branch, this.#target, {
      response: nothing,
      failed: nothing,
    });
    this.#timerB = setTimeout(timeOut, this.#context.timers.giveUp, this);
  }

  #send(): void {
    const { transport } = this.#context;
    transport.sendBytes(this.#text, this.#target).catch((error: unknown) => {
      this.fail('transport', String(error));
    });
    transport.checkReachable(this.#target, () => this.fail('transport', 'ECONNREFUSED'));
  }

  #end(): void {
    this.#state = 'over';
    clearTimeout(this.#timerA);
    clearTimeout(this.#timerB);
    this.#context.clients.delete(this.#key);
  }
}

const repeat = (transaction: InviteClient): void => transaction.repeat();
const timeOut = (transaction: InviteClient): void => transaction.fail('timeout');
