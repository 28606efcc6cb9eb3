import { parseCSeq, parseVia, splitList, tagOf } from './address.ts';
import { ownVia, withVia } from './client-messages.ts';
import { MAGIC_COOKIE, randomBranch } from './identifiers.ts';
import { InviteClient } from './invite-client.ts';
import { InviteServer, type AutoTrying } from './invite-server.ts';
import { Lingering } from './lingering.ts';
import { responseTo, type SipMessage, type SipRequest, type SipResponse } from './message.ts';
import { NonInviteClient } from './non-invite-client.ts';
import { NonInviteServer } from './non-invite-server.ts';
import type { ServerTransaction } from './server-transaction.ts';
import { timersFrom, type Timers } from './timers.ts';
import { clientKey, nothing, type ClientHandlers, type TransactionContext } from './transaction-context.ts';
import type { SipSource, SipTarget, SipTransport } from './transport.ts';

export type { ServerTransaction } from './server-transaction.ts';
export type { ClientHandlers, FailureReason } from './transaction-context.ts';

export interface ClientTransaction {
  /** The request as sent. */
  readonly request: SipRequest;
  readonly branch: string;
  /** Cancels an INVITE; held back until a provisional response came. @returns the CANCEL, undefined when too late. */
  cancel(extra?: readonly (readonly [string, string])[]): SipRequest | undefined;
}

export interface TransactionOptions {
  readonly timers?: Partial<Timers>;
  /** true (the default): 100 after 200 ms. */
  readonly autoTrying?: boolean | AutoTrying;
}

export type RequestHandler = (
  transaction: ServerTransaction,
  request: SipRequest,
  source: SipSource,
  raw: string,
) => void;
export type AckHandler = (ack: SipRequest, source: SipSource, raw: string) => void;
export type CancelHandler = (invite: ServerTransaction, cancel: SipRequest, raw: string, source: SipSource) => void;

/** RFC 3261 17: matches messages to transactions and hands what is new to its user. */
export class TransactionLayer {
  readonly transport: SipTransport;
  readonly timers: Timers;
  readonly #context: TransactionContext;
  readonly #trying: AutoTrying;
  #request: RequestHandler | undefined;
  #ack: AckHandler = nothing;
  #cancel: CancelHandler = nothing;

  constructor(transport: SipTransport, options: TransactionOptions = {}) {
    this.transport = transport;
    this.timers = timersFrom(options.timers);
    this.#trying = tryingOf(options.autoTrying);
    this.#context = {
      transport,
      timers: this.timers,
      clients: new Map(),
      servers: new Map(),
      answeredClients: new Lingering(),
      answeredServers: new Lingering(),
    };
    transport.onMessage((message, source, raw) => {
      if (message.kind === 'response') this.#receiveResponse(message, source);
      else this.#receiveRequest(message, source, raw);
    });
  }

  /** Sends a request other than ACK with our Via on top, repeats it as its transport needs, reports what comes back. */
  request(request: SipRequest, target: SipTarget, on: ClientHandlers): ClientTransaction {
    const branch = randomBranch();
    const sent = withVia(request, this.transport, target, branch);
    if (request.method === 'INVITE') return new InviteClient(this.#context, sent, branch, target, on);
    new NonInviteClient(this.#context, sent, branch, target, on);
    // RFC 3261 9.1: a request other than INVITE is not cancelled, it is answered at once anyway.
    return { request: sent, branch, cancel: () => undefined };
  }

  /** New requests, never repetitions; ACK and CANCEL have handlers of their own. */
  onRequest(handler: RequestHandler): void {
    this.#request = handler;
  }

  /** ACK to a 2xx, each time it comes. */
  onAck(handler: AckHandler): void {
    this.#ack = handler;
  }

  /** The INVITE is to be answered 487; the CANCEL has got its 200 already. */
  onCancel(handler: CancelHandler): void {
    this.#cancel = handler;
  }

  /** Sends outside any transaction: the ACK to a 2xx, which gets our Via unless it has one. */
  async sendStateless(message: SipMessage, target: SipTarget): Promise<void> {
    if (message.kind === 'request' && !message.headers.has('via')) {
      message.headers.prepend('Via', ownVia(this.transport, target, randomBranch()));
    }
    await this.transport.send(message, target);
  }

  /** Passes on what somebody else sent outside any transaction, with our Via above theirs: the ACK to a 2xx. */
  async forwardStateless(request: SipRequest, target: SipTarget): Promise<void> {
    await this.transport.send(withVia(request, this.transport, target, randomBranch()), target);
  }

  /** Transactions being worked on, and those that only absorb repetitions any more. */
  get load(): { readonly active: number; readonly lingering: number } {
    const { clients, servers, answeredClients, answeredServers } = this.#context;
    return { active: clients.size + servers.size, lingering: answeredClients.size + answeredServers.size };
  }

  /** Drops every transaction and closes the transport. */
  async close(): Promise<void> {
    for (const client of [...this.#context.clients.values()]) client.abandon();
    for (const server of [...this.#context.servers.values()]) server.abandon();
    this.#context.answeredClients.clear();
    this.#context.answeredServers.clear();
    await this.transport.close();
  }

  #receiveResponse(response: SipResponse, source: SipSource): void {
    const via = splitList(response.headers.get('via') ?? '')[0] ?? '';
    const branch = parseVia(via).params.get('branch') ?? '';
    const key = clientKey(branch, parseCSeq(response.headers.get('cseq') ?? '').method);
    const client = this.#context.clients.get(key);
    if (client !== undefined) {
      client.receive(response, source);
      return;
    }
    const absorb = this.#context.answeredClients.find(key);
    if (absorb === undefined) this.transport.counters.dropped += 1;
    else absorb(response, source);
  }

  #receiveRequest(request: SipRequest, source: SipSource, raw: string): void {
    if (request.method === 'ACK') this.#receiveAck(request, source, raw);
    else {
      const key = serverKey(request, request.method);
      const server = this.#context.servers.get(key);
      if (server !== undefined) {
        server.receive(request);
        return;
      }
      const absorb = this.#context.answeredServers.find(key);
      if (absorb !== undefined) absorb(request, source);
      else if (request.method === 'CANCEL') this.#receiveCancel(key, request, source, raw);
      else this.#begin(key, request, source, raw);
    }
  }

  #begin(key: string, request: SipRequest, source: SipSource, raw: string): void {
    const transaction =
      request.method === 'INVITE'
        ? new InviteServer(this.#context, key, request, source, this.#trying)
        : new NonInviteServer(this.#context, key, request, source);
    if (this.#request !== undefined) this.#request(transaction, request, source, raw);
    else transaction.respond(responseTo(request, 503)).catch(nothing);
  }

  /** An ACK to a non-2xx has the branch of its INVITE and ends here; one to a 2xx is the dialog's business. */
  #receiveAck(ack: SipRequest, source: SipSource, raw: string): void {
    const invite = this.#context.servers.get(serverKey(ack, 'INVITE'));
    if (invite instanceof InviteServer && invite.state === 'completed') invite.receive(ack);
    else this.#ack(ack, source, raw);
  }

  /** RFC 3261 9.2: 200 when its INVITE is known, 481 otherwise; an answered INVITE is left as it is. */
  #receiveCancel(key: string, cancel: SipRequest, source: SipSource, raw: string): void {
    const inviteKey = serverKey(cancel, 'INVITE');
    const invite = this.#context.servers.get(inviteKey);
    const pending = invite instanceof InviteServer ? invite : undefined;
    const known = pending !== undefined || this.#context.answeredServers.find(inviteKey) !== undefined;
    const transaction = new NonInviteServer(this.#context, key, cancel, source, pending?.localTag);
    transaction.respond(responseTo(cancel, known ? 200 : 481)).catch(nothing);
    if (pending?.state === 'proceeding') this.#cancel(pending, cancel, raw, source);
  }
}

function tryingOf(option: boolean | AutoTrying | undefined): AutoTrying {
  if (typeof option === 'string') return option;
  return option === false ? 'never' : 'after-200-ms';
}

/**
 * What makes two requests one transaction (RFC 3261 17.2.3): branch, sent-by and method; for a peer of RFC 2543,
 * whose branch is not unique, what that RFC compared.
 */
function serverKey(request: SipRequest, method: string): string {
  const { headers } = request;
  const top = splitList(headers.get('via') ?? '')[0] ?? '';
  const via = parseVia(top);
  const branch = via.params.get('branch') ?? '';
  const sentBy = `${via.host}:${via.port ?? 5060}`;
  if (branch.startsWith(MAGIC_COOKIE)) return `${branch}|${sentBy}|${method}`;
  const { number } = parseCSeq(headers.get('cseq') ?? '');
  return [headers.get('call-id'), number, tagOf(headers.get('from')), request.uri, sentBy, branch, method].join('|');
}
