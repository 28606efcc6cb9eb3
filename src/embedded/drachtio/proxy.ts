import { tagOf } from '../sip/address.ts';
import { responseTo, serializeMessage, type SipRequest } from '../sip/message.ts';
import { SipParseError } from '../sip/parse-error.ts';
import type { ServerTransaction } from '../sip/transaction.ts';
import type { AppConnection } from './app-connection.ts';
import { Challenges } from './challenges.ts';
import type { ControlMessage } from './control-message.ts';
import { hopsLeft, isRoutedByUs, nextHopOf, relayed, returned } from './forwarding.ts';
import { targetOf } from './local-address.ts';
import { ProxiedRequest } from './proxied-request.ts';
import { parseProxyOrder, type ProxyOrder } from './proxy-order.ts';
import { receivedMeta, type ServerContext } from './server-context.ts';

const nothing = (): void => undefined;
const TOO_MANY_HOPS = 'NOK|Rejected with 483 Too Many Hops due to Max-Forwards value of 0';

/**
 * Requests that applications pass on instead of answering them, and what follows in dialogs we stay in the path of:
 * of those the applications hear nothing.
 */
export class Proxy {
  readonly #context: ServerContext;
  /** Takes a request away from the application that was to answer it. */
  readonly #release: (transaction: string) => ServerTransaction | undefined;
  readonly #challenges = new Challenges();
  readonly #proxied = new Map<ServerTransaction, { cancel(): void }>();

  constructor(context: ServerContext, release: (transaction: string) => ServerTransaction | undefined) {
    this.#context = context;
    this.#release = release;
  }

  /** @throws SipParseError when the message holds no request. */
  order(app: AppConnection, message: ControlMessage): void {
    const order = parseProxyOrder(message);
    const transaction = this.#release(order.transaction);
    if (transaction === undefined) {
      app.reply(message.id, `NOK|Unknown transaction id: ${order.transaction}`);
    } else if (hopsLeft(transaction.request) === 0) {
      app.reply(message.id, TOO_MANY_HOPS);
      this.#refuse(transaction, 483);
    } else this.#begin(app, message.id, order, transaction);
  }

  /** A request that is routed through us in somebody else's dialog. @returns whether it is one. */
  relay(transaction: ServerTransaction): boolean {
    const { request } = transaction;
    if (!this.#isPassingBy(request)) return false;
    const { layer, records } = this.#context;
    if (hopsLeft(request) === 0) {
      transaction.respond(responseTo(request, 483)).catch(nothing);
      return true;
    }
    const onward = relayed(request);
    if (request.method === 'BYE') records.stop('network', 'normal-release', request);
    const client = layer.request(onward, targetOf(nextHopOf(onward)), {
      response: (response) => {
        if (response.status === 100) return;
        if (response.status >= 200) this.#proxied.delete(transaction);
        // A 2xx may come again: its ACK was lost further on.
        transaction.respond(returned(response)).catch(nothing);
      },
      failed: (reason) => {
        this.#proxied.delete(transaction);
        transaction.respond(responseTo(request, reason === 'timeout' ? 408 : 503)).catch(nothing);
      },
    });
    this.#proxied.set(transaction, client);
    if (request.method === 'BYE') records.stop('application', 'normal-release', client.request);
    return true;
  }

  /** The ACK to a 2xx, on its way through us. */
  relayAck(ack: SipRequest): boolean {
    if (!this.#isPassingBy(ack)) return false;
    const { layer } = this.#context;
    const onward = relayed(ack);
    const target = targetOf(nextHopOf(onward));
    layer.forwardStateless(onward, target).catch(nothing);
    return true;
  }

  /** The caller cancels a request that is proxied. @returns whether it is one. */
  cancel(invite: ServerTransaction): boolean {
    const proxied = this.#proxied.get(invite);
    if (proxied === undefined) return false;
    if (proxied instanceof ProxiedRequest) this.#refuse(invite, 487);
    proxied.cancel();
    return true;
  }

  close(): void {
    this.#challenges.clear();
    for (const proxied of this.#proxied.values()) if (proxied instanceof ProxiedRequest) proxied.abandon();
    this.#proxied.clear();
  }

  #begin(app: AppConnection, messageId: string, order: ProxyOrder, transaction: ServerTransaction): void {
    const challenger = this.#challenges.answeredBy(transaction.request.headers);
    const destinations = challenger === undefined ? order.destinations : [challenger];
    const proxied = new ProxiedRequest(this.#context, { ...order, destinations }, transaction, {
      final: (response, source) => {
        if (order.fullResponse) app.replyProxied(messageId, receivedMeta(source), serializeMessage(response));
      },
      challenged: (response, destination) => {
        this.#challenges.remember(response.headers, destination);
      },
      done: () => {
        this.#proxied.delete(transaction);
        if (order.fullResponse) app.reply(messageId, 'OK|done');
      },
    });
    this.#proxied.set(transaction, proxied);
    if (!proxied.start()) {
      this.#proxied.delete(transaction);
      app.reply(messageId, 'NOK|error proxying request to ');
      this.#refuse(transaction, 500);
    } else if (!order.fullResponse) app.reply(messageId, 'OK|done');
  }

  #refuse(transaction: ServerTransaction, status: number): void {
    const response = responseTo(transaction.request, status, undefined, { toTag: transaction.localTag });
    transaction.respond(response).catch(nothing);
    // Measured on drachtio-server 0.9.10: these records say rejected, also after a CANCEL.
    if (transaction.request.method === 'INVITE') this.#context.records.stop('application', 'call-rejected', response);
  }

  /** A dialog of our own comes first, whatever its peer puts into Route. */
  #isPassingBy(request: SipRequest): boolean {
    const { local, dialogs } = this.#context;
    if (!request.headers.has('route') || !isTagged(request)) return false;
    try {
      if (!isRoutedByUs(request, local) || dialogs.find(request) !== undefined) return false;
      return targetOf(nextHopOf(relayed(request))).address !== '';
    } catch (error) {
      // Routes nobody can read, or that lead nowhere: it is refused like any request of an unknown dialog.
      if (error instanceof SipParseError) return false;
      throw error;
    }
  }
}

const isTagged = ({ headers }: SipRequest): boolean => tagOf(headers.get('to')) !== '';
