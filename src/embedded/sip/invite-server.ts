import { responseTo, serializeMessage, type SipMessage, type SipRequest, type SipResponse } from './message.ts';
import { ServerTransaction, TransactionOverError, type ServerState } from './server-transaction.ts';
import { nothing, unlessReliable, type TransactionContext } from './transaction-context.ts';
import type { SipSource } from './transport.ts';

/** When 100 Trying is sent by itself: within 200 ms as RFC 3261 17.2.1 wants it, at once, or never. */
export type AutoTrying = 'after-200-ms' | 'at-once' | 'never';

const TRYING_AFTER_MS = 200;

/**
 * INVITE server transaction (RFC 3261 17.2.1 with RFC 6026):
 *
 *     proceeding ──3xx–6xx──▶ completed ──ACK──▶ confirmed (lingers for timer I)
 *          └───────2xx──────▶ accepted (lingers for timer L: repeated INVITEs are absorbed, the owner repeats the 2xx)
 */
export class InviteServer extends ServerTransaction {
  #state: ServerState = 'proceeding';
  #latest: string | undefined;
  #interval = 0;
  #timerG: NodeJS.Timeout | undefined;
  #timerH: NodeJS.Timeout | undefined;
  #trying: NodeJS.Timeout | undefined;

  constructor(context: TransactionContext, key: string, request: SipRequest, source: SipSource, trying: AutoTrying) {
    super(context, key, request, source);
    if (trying === 'at-once') sendTrying(this);
    if (trying === 'after-200-ms') this.#trying = setTimeout(sendTrying, TRYING_AFTER_MS, this);
  }

  get state(): ServerState {
    return this.#state;
  }

  async respond(response: SipResponse): Promise<void> {
    const isSuccess = response.status >= 200 && response.status < 300;
    if (this.#state !== 'proceeding' && !(this.#state === 'accepted' && isSuccess)) {
      throw new TransactionOverError('already answered');
    }
    const text = serializeMessage(this.tagged(response));
    clearTimeout(this.#trying);
    if (this.#state === 'proceeding') {
      if (response.status < 200) this.#latest = text;
      else if (isSuccess) this.#accept();
      else this.#complete(text);
    }
    await this.send(text);
  }

  receive(message: SipMessage): void {
    if (message.kind === 'request' && message.method === 'ACK') this.#confirm();
    else if (this.#latest !== undefined) this.sendAgain(this.#latest);
  }

  abandon(): void {
    this.#leave('terminated');
  }

  /** Timer G: the final response again, until its ACK comes. */
  repeat(): void {
    this.#interval = Math.min(2 * this.#interval, this.context.timers.T2);
    this.#timerG = setTimeout(repeat, this.#interval, this);
    if (this.#latest !== undefined) this.sendAgain(this.#latest);
  }

  #accept(): void {
    this.#leave('accepted');
    this.context.answeredServers.add(this.key, this.context.timers.linger, nothing);
  }

  #complete(text: string): void {
    const { timers } = this.context;
    this.#state = 'completed';
    this.#latest = text;
    this.#interval = timers.T1;
    if (this.target.protocol === 'udp') this.#timerG = setTimeout(repeat, this.#interval, this);
    this.#timerH = setTimeout(giveUp, timers.giveUp, this);
  }

  #confirm(): void {
    if (this.#state !== 'completed') return;
    this.#leave('confirmed');
    this.context.answeredServers.add(this.key, unlessReliable(this.context.timers.T4, this.target), nothing);
  }

  #leave(state: ServerState): void {
    this.#state = state;
    clearTimeout(this.#trying);
    clearTimeout(this.#timerG);
    clearTimeout(this.#timerH);
    this.context.servers.delete(this.key);
  }
}

const repeat = (transaction: InviteServer): void => transaction.repeat();
const giveUp = (transaction: InviteServer): void => transaction.abandon();

function sendTrying(transaction: InviteServer): void {
  // Whoever asked will ask again when it does not hear this.
  transaction.respond(responseTo(transaction.request, 100)).catch(nothing);
}
