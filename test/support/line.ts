import type { SipRequest, SipResponse } from '../../src/embedded/sip/message.ts';
import { repeatUntilAcknowledged } from '../../src/embedded/sip/success-repetition.ts';
import type { ClientTransaction, ServerTransaction, TransactionLayer } from '../../src/embedded/sip/transaction.ts';
import type { SipTarget } from '../../src/embedded/sip/transport.ts';
import type { Credentials } from './digest-client.ts';
import type { SipHistory } from './sip-history.ts';
import { type Wait, Watch } from './watch.ts';

/** What the calls of a phone share: its SIP stack, its name, and waiting. */
export class Line {
  readonly name: string;
  readonly contact: string;
  readonly credentials: Credentials | undefined;
  readonly #layer: TransactionLayer;
  readonly #history: SipHistory;
  readonly #watch = new Watch();
  readonly #repetitions = new Set<() => void>();

  constructor(options: {
    readonly name: string;
    readonly contact: string;
    readonly credentials: Credentials | undefined;
    readonly layer: TransactionLayer;
    readonly history: SipHistory;
  }) {
    this.name = options.name;
    this.contact = options.contact;
    this.credentials = options.credentials;
    this.#layer = options.layer;
    this.#history = options.history;
  }

  /** Something happened: whoever waits looks again. */
  changed(): void {
    this.#watch.touch();
  }

  /** @throws Error with all the SIP of the phone when it does not come to pass. */
  until<T>(what: string, condition: () => T | undefined, wait?: Wait): Promise<T> {
    return this.#watch.until(`${this.name} ${what}`, condition, () => `\n${this.#history.toString()}`, wait);
  }

  /** Sends a request; every response goes to `response`, `failed` means there will be none. */
  send(
    request: SipRequest,
    target: SipTarget,
    response: (response: SipResponse) => void,
    failed: (reason: string) => void,
  ): ClientTransaction {
    return this.#layer.request(request, target, {
      response: (each) => {
        response(each);
        this.changed();
      },
      failed: (reason, detail) => {
        failed(detail ?? reason);
        this.changed();
      },
    });
  }

  /** Sends a request and waits for its final response. @throws Error when there is none. */
  ask(request: SipRequest, target: SipTarget): Promise<SipResponse> {
    return new Promise((resolve, reject) => {
      const answered = (response: SipResponse) => {
        if (response.status >= 200) resolve(response);
      };
      const failed = (reason: string) => {
        reject(new Error(`${this.name}: no answer to ${request.method}: ${reason}\n${this.#history.toString()}`));
      };
      this.send(request, target, answered, failed);
    });
  }

  sendAck(ack: SipRequest, target: SipTarget): Promise<void> {
    return this.#layer.sendStateless(ack, target);
  }

  /** Sends a 2xx to an INVITE again and again (RFC 3261 13.3.1.4). `stop` is for when the ACK has come. */
  succeed(
    transaction: ServerTransaction,
    response: SipResponse,
  ): { readonly sent: Promise<void>; readonly stop: () => void } {
    const sent = transaction.respond(response);
    const { transport, timers } = this.#layer;
    const over = () => this.#repetitions.delete(stop);
    const stop = repeatUntilAcknowledged(transport, timers, response, transaction.target, over);
    this.#repetitions.add(stop);
    return {
      sent,
      stop: () => {
        over();
        stop();
      },
    };
  }

  async close(): Promise<void> {
    for (const stop of this.#repetitions) stop();
    this.#watch.close(`${this.name} was closed`);
    await this.#layer.close();
  }
}
