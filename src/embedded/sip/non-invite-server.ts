import { serializeMessage, type SipResponse } from './message.ts';
import { ServerTransaction, TransactionOverError, type ServerState } from './server-transaction.ts';
import { nothing, unlessReliable } from './transaction-context.ts';

/**
 * Server transaction of anything but INVITE and ACK (RFC 3261 17.2.2):
 *
 *     trying ──1xx──▶ proceeding
 *        └────final────┴──▶ completed (lingers for timer J, repeats its answer)
 */
export class NonInviteServer extends ServerTransaction {
  #state: ServerState = 'trying';
  #provisional: string | undefined;

  get state(): ServerState {
    return this.#state;
  }

  async respond(response: SipResponse): Promise<void> {
    if (this.#state !== 'trying' && this.#state !== 'proceeding') throw new TransactionOverError('already answered');
    const text = serializeMessage(this.tagged(response));
    if (response.status < 200) {
      this.#state = 'proceeding';
      this.#provisional = text;
    } else {
      this.#state = 'completed';
      const { servers, answeredServers, timers, transport } = this.context;
      const { target, key } = this;
      servers.delete(key);
      answeredServers.add(key, unlessReliable(timers.linger, target), () => {
        transport.sendBytes(text, target).catch(nothing);
      });
    }
    await this.send(text);
  }

  receive(): void {
    if (this.#provisional !== undefined) this.sendAgain(this.#provisional);
  }

  abandon(): void {
    this.#state = 'terminated';
    this.context.servers.delete(this.key);
  }
}
