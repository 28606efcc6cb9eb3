import { serializeMessage, type SipRequest, type SipResponse } from './message.ts';
import {
  clientKey,
  type ClientHandlers,
  type ClientMachine,
  type FailureReason,
  type TransactionContext,
} from './transaction-context.ts';
import type { SipSource, SipTarget } from './transport.ts';

/**
 * What the two client transactions have in common: a request with its Via, sent again and again until it is answered or
 * given up. Their first states are called `calling` and `trying` in RFC 3261 17.1; here both are `waiting`.
 */
export abstract class ClientTransactionMachine implements ClientMachine {
  readonly request: SipRequest;
  readonly branch: string;
  protected readonly context: TransactionContext;
  protected readonly target: SipTarget;
  protected readonly on: ClientHandlers;
  protected state: 'waiting' | 'proceeding' | 'over' = 'waiting';
  readonly #text: string;
  #interval: number;
  /** Timer A or E, on UDP. */
  #repetition: NodeJS.Timeout | undefined;
  /** Timer B or F. */
  #patience: NodeJS.Timeout | undefined;

  constructor(context: TransactionContext, request: SipRequest, branch: string, target: SipTarget, on: ClientHandlers) {
    this.context = context;
    this.request = request;
    this.branch = branch;
    this.target = target;
    this.on = on;
    this.#text = serializeMessage(request);
    this.#interval = context.timers.T1;
    context.clients.set(this.key, this);
    this.waitForAnswer();
    if (target.protocol === 'udp') this.#repetition = setTimeout(repeat, this.#interval, this);
    this.#send();
  }

  abstract receive(response: SipResponse, source: SipSource): void;

  /** ms until the request is sent again, after it was sent again after `interval`. */
  protected abstract nextInterval(interval: number): number;

  abandon(): void {
    this.end();
  }

  repeat(): void {
    this.#interval = this.nextInterval(this.#interval);
    this.#repetition = setTimeout(repeat, this.#interval, this);
    this.#send();
  }

  fail(reason: FailureReason, detail?: string): void {
    if (this.state === 'over') return;
    this.end();
    this.on.failed(reason, detail);
  }

  protected get key(): string {
    return clientKey(this.branch, this.request.method);
  }

  /** Gives up after 64*T1 from now. */
  protected waitForAnswer(): void {
    this.#patience = setTimeout(timeOut, this.context.timers.giveUp, this);
  }

  /** Whoever is there needs no repetition, and may take its time. */
  protected stopTimers(): void {
    clearTimeout(this.#repetition);
    clearTimeout(this.#patience);
  }

  protected end(): void {
    this.state = 'over';
    this.stopTimers();
    this.context.clients.delete(this.key);
  }

  #send(): void {
    const { transport } = this.context;
    transport.sendBytes(this.#text, this.target).catch((error: unknown) => {
      this.fail('transport', String(error));
    });
    if (this.state !== 'waiting') return;
    transport.checkReachable(this.target, () => {
      this.fail('transport', 'ECONNREFUSED');
    });
  }
}

const repeat = (transaction: ClientTransactionMachine): void => {
  transaction.repeat();
};
const timeOut = (transaction: ClientTransactionMachine): void => {
  transaction.fail('timeout');
};
