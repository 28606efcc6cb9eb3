import { serializeMessage, type SipRequest, type SipResponse } from './message.ts';
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

/**
 * Client transaction of anything but INVITE (RFC 3261 17.1.2):
 *
 *     trying ──1xx──▶ proceeding
 *        └────final────┴──▶ completed (lingers for timer K)
 *
 * `request` carries its Via already: a CANCEL shares the branch of its INVITE.
 */
export class NonInviteClient implements ClientMachine {
  readonly request: SipRequest;
  readonly branch: string;
  readonly #context: TransactionContext;
  readonly #target: SipTarget;
  readonly #on: ClientHandlers;
  readonly #text: string;
  #state: 'trying' | 'proceeding' | 'over' = 'trying';
  #interval: number;
  #timerE: NodeJS.Timeout | undefined;
  readonly #timerF: NodeJS.Timeout;

  constructor(context: TransactionContext, request: SipRequest, branch: string, target: SipTarget, on: ClientHandlers) {
    this.#context = context;
    this.request = request;
    this.branch = branch;
    this.#target = target;
    this.#on = on;
    this.#text = serializeMessage(request);
    this.#interval = context.timers.T1;
    context.clients.set(this.#key, this);
    this.#timerF = setTimeout(timeOut, context.timers.giveUp, this);
    if (target.protocol === 'udp') this.#timerE = setTimeout(repeat, this.#interval, this);
    this.#send();
  }

  receive(response: SipResponse, source: SipSource): void {
    if (this.#state === 'over') return;
    if (response.status < 200) this.#state = 'proceeding';
    else {
      this.#end();
      this.#context.answeredClients.add(this.#key, unlessReliable(this.#context.timers.T4, this.#target), nothing);
    }
    this.#on.response(response, source);
  }

  abandon(): void {
    this.#end();
  }

  /** Timer E: doubles up to T2, stays there once something was heard (17.1.2.2). */
  repeat(): void {
    const { T2 } = this.#context.timers;
    this.#interval = this.#state === 'proceeding' ? T2 : Math.min(2 * this.#interval, T2);
    this.#timerE = setTimeout(repeat, this.#interval, this);
    this.#send();
  }

  fail(reason: FailureReason, detail?: string): void {
    if (this.#state === 'over') return;
    this.#end();
    this.#on.failed(reason, detail);
  }

  get #key(): string {
    return clientKey(this.branch, this.request.method);
  }

  #send(): void {
    const { transport } = this.#context;
    transport.sendBytes(this.#text, this.#target).catch((error: unknown) => {
      this.fail('transport', String(error));
    });
    if (this.#state === 'trying') transport.checkReachable(this.#target, () => this.fail('transport', 'ECONNREFUSED'));
  }

  #end(): void {
    this.#state = 'over';
    clearTimeout(this.#timerE);
    clearTimeout(this.#timerF);
    this.#context.clients.delete(this.#key);
  }
}

const repeat = (transaction: NonInviteClient): void => transaction.repeat();
const timeOut = (transaction: NonInviteClient): void => transaction.fail('timeout');
