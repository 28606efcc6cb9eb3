import { ClientTransactionMachine } from './client-transaction.ts';
import type { SipResponse } from './message.ts';
import { nothing, unlessReliable } from './transaction-context.ts';
import type { SipSource } from './transport.ts';

/**
 * Client transaction of anything but INVITE (RFC 3261 17.1.2):
 *
 *     waiting ──1xx──▶ proceeding
 *        └─────final────┴──▶ completed (lingers for timer K)
 *
 * `request` carries its Via already: a CANCEL shares the branch of its INVITE.
 */
export class NonInviteClient extends ClientTransactionMachine {
  receive(response: SipResponse, source: SipSource): void {
    if (this.state === 'over') return;
    if (response.status < 200) this.state = 'proceeding';
    else {
      this.end();
      const { answeredClients, timers } = this.context;
      answeredClients.add(this.key, unlessReliable(timers.T4, this.target), nothing);
    }
    this.on.response(response, source);
  }

  /** Timer E: doubles up to T2, stays there once something was heard (17.1.2.2). */
  protected nextInterval(interval: number): number {
    const { T2 } = this.context.timers;
    return this.state === 'proceeding' ? T2 : Math.min(2 * interval, T2);
  }
}
