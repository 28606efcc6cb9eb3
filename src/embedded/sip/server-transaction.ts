import { parseVia, splitList } from './address.ts';
import { randomTag } from './identifiers.ts';
import { withTag, type SipMessage, type SipRequest, type SipResponse } from './message.ts';
import type { ServerMachine, TransactionContext } from './transaction-context.ts';
import { responseTarget, type SipSource, type SipTarget } from './transport.ts';

export type ServerState = 'trying' | 'proceeding' | 'completed' | 'accepted' | 'confirmed' | 'terminated';

/** A response came after the final one, or for a transaction that was given up. */
export class TransactionOverError extends Error {
  override readonly name = 'TransactionOverError';
}

/** What the two server transactions have in common: whom they answer, with which tag. */
export abstract class ServerTransaction implements ServerMachine {
  readonly request: SipRequest;
  readonly source: SipSource;
  /** Where its responses go (RFC 3261 18.2.2). */
  readonly target: SipTarget;
  /** The To tag of every response that has none of its own (RFC 3261 8.2.6.2). */
  readonly localTag: string;
  protected readonly context: TransactionContext;
  protected readonly key: string;

  constructor(
    context: TransactionContext,
    key: string,
    request: SipRequest,
    source: SipSource,
    localTag = randomTag(),
  ) {
    this.context = context;
    this.key = key;
    this.request = request;
    this.source = source;
    this.localTag = localTag;
    this.target = responseTarget(request.headers.get('via') ?? '', source);
    context.servers.set(key, this);
  }

  abstract get state(): ServerState;

  /**
   * Sends a response; its To gets `localTag` when it lacks one. A 2xx to INVITE is sent once: its owner repeats it
   * until the ACK (see `repeatUntilAcknowledged`).
   * @throws TransactionOverError after a final response.
   */
  abstract respond(response: SipResponse): Promise<void>;

  abstract receive(message: SipMessage): void;

  /** Forgets the transaction without an answer. */
  abstract abandon(): void;

  protected tagged(response: SipResponse): SipResponse {
    if (response.status === 100) return response;
    const to = response.headers.get('to');
    if (to !== undefined) response.headers.set('To', withTag(to, this.localTag));
    return response;
  }

  protected async send(text: string): Promise<void> {
    const { transport } = this.context;
    try {
      await transport.sendBytes(text, this.target);
    } catch (error) {
      if (this.target.protocol === 'udp') throw error;
      // The connection is gone: RFC 3261 18.2.2 wants a new one to the address in Via.
      const via = parseVia(splitList(this.request.headers.get('via') ?? '')[0] ?? '');
      await transport.sendBytes(text, { ...this.target, port: via.port ?? 5060 });
    }
  }

  /** For responses nobody waits for: an unanswered peer asks again or gives up by itself. */
  protected sendAgain(text: string): void {
    this.send(text).catch(() => this.abandon());
  }
}
