import { randomTag } from '../sip/identifiers.ts';
import { responseTo, type SipRequest, type SipResponse } from '../sip/message.ts';
import { SipParseError } from '../sip/parse-error.ts';
import type { FailureReason, ServerTransaction } from '../sip/transaction.ts';
import type { SipSource, SipTarget } from '../sip/transport.ts';
import { bestResponse } from './best-response.ts';
import { refusalReason } from './call-detail-records.ts';
import { forwarded, redirectTargets, returned } from './forwarding.ts';
import { ProxyBranch } from './proxy-branch.ts';
import type { ProxyOrder } from './proxy-order.ts';
import type { ServerContext } from './server-context.ts';

const nothing = (): void => undefined;

/** Whoever wants to know what becomes of a proxied request. */
export interface ProxyObserver {
  /** A destination's final response. */
  final(response: SipResponse, source: SipSource): void;
  /** 401 or 407 of `destination`: the repeated request, with credentials, is for nobody else. */
  challenged(response: SipResponse, destination: string): void;
  /** The caller has its final response and no destination rings any more. */
  done(): void;
}

/** One request on its way through the server to one of several destinations (RFC 3261 16). */
export class ProxiedRequest {
  readonly #context: ServerContext;
  readonly #order: ProxyOrder;
  readonly #transaction: ServerTransaction;
  readonly #request: SipRequest;
  readonly #observer: ProxyObserver;
  readonly #branches: ProxyBranch[];
  #state: 'searching' | 'cancelled' | 'done' = 'searching';

  constructor(context: ServerContext, order: ProxyOrder, transaction: ServerTransaction, observer: ProxyObserver) {
    this.#context = context;
    this.#order = order;
    this.#transaction = transaction;
    this.#request = transaction.request;
    this.#observer = observer;
    this.#branches = order.destinations.map((destination) => new ProxyBranch(destination));
  }

  /** Sends to the first destination, or to all. @returns whether there was one it could be sent to. */
  start(): boolean {
    this.#launch();
    return this.#isActive;
  }

  /** The caller has cancelled, and has its 487: nobody is to answer any more. */
  cancel(): void {
    this.#state = 'cancelled';
    this.#cancelBranches();
    if (!this.#isActive) this.#finish();
  }

  /** Forgets it: the server closes. */
  abandon(): void {
    for (const branch of this.#branches) branch.skip();
  }

  get #isActive(): boolean {
    return this.#branches.some((branch) => branch.isActive);
  }

  #launch(): void {
    for (const branch of this.#branches) {
      if (!branch.isWaiting) continue;
      const target = this.#targetOf(branch);
      if (target === undefined) continue;
      this.#send(branch, target);
      if (!this.#order.simultaneous) return;
    }
  }

  #targetOf(branch: ProxyBranch): SipTarget | undefined {
    try {
      return this.#context.local.reach(branch.destination);
    } catch (error) {
      if (!(error instanceof SipParseError)) throw error;
      branch.skip();
      return undefined;
    }
  }

  #send(branch: ProxyBranch, target: SipTarget): void {
    const { layer, local, records } = this.#context;
    const request = forwarded(this.#request, this.#order, branch.destination, local);
    const sent = branch.send(layer, request, target, this.#order.provisionalTimeout, {
      response: (response, source) => {
        this.#receive(branch, response, source);
      },
      silent: (reason) => {
        this.#giveUp(reason);
      },
    });
    if (this.#isInvite) records.attempt('application', sent);
  }

  get #isInvite(): boolean {
    return this.#request.method === 'INVITE';
  }

  #receive(branch: ProxyBranch, response: SipResponse, source: SipSource): void {
    const { status } = response;
    if (status >= 200 && branch.final === response) this.#note(response, source);
    if (status < 200) this.#passOn(response);
    else if (status < 300) this.#accept(response);
    else if (this.#state === 'searching') this.#refuse(branch, response);
    else if (!this.#isActive) this.#finish();
  }

  #note(response: SipResponse, source: SipSource): void {
    if (this.#state !== 'done') this.#observer.final(response, source);
    if (!this.#isInvite) return;
    const { records } = this.#context;
    if (response.status < 300) records.start('network', 'proxy-uac', response);
    else records.stop('network', refusalReason(response.status), response);
  }

  /** RFC 3261 16.7 step 5: every 2xx goes back, repeated ones too; whoever still rings is to stop. */
  #accept(response: SipResponse): void {
    this.#passOn(response);
    this.#finish();
  }

  #refuse(branch: ProxyBranch, response: SipResponse): void {
    const { status, headers } = response;
    if (status < 400 && this.#order.followRedirects) this.#follow(branch, response);
    const isChallenge = status === 401 || status === 407;
    if (isChallenge && (headers.has('www-authenticate') || headers.has('proxy-authenticate'))) {
      this.#observer.challenged(response, branch.destination);
      this.#answer();
      return;
    }
    this.#launch();
    if (!this.#isActive) this.#answer();
  }

  /** RFC 3261 16.5: the contacts of a redirection are the next destinations. */
  #follow(branch: ProxyBranch, response: SipResponse): void {
    const contacts = redirectTargets(response).map((uri) => new ProxyBranch(uri));
    this.#branches.splice(this.#branches.indexOf(branch) + 1, 0, ...contacts);
  }

  #giveUp(reason: FailureReason | 'no-provisional'): void {
    if (this.#state === 'searching') {
      // drachtio-server 0.9.10 tries no other destination after 64*T1 of silence: the caller has given up by then.
      if (reason !== 'timeout') this.#launch();
      if (!this.#isActive) this.#answer();
    } else if (!this.#isActive) this.#finish();
  }

  /** Nobody accepted: the best of their responses goes back, 408 where there is none. */
  #answer(): void {
    const best = bestResponse(this.#branches.flatMap(({ final }) => (final === undefined ? [] : [final])));
    if (best !== undefined) this.#passOn(best);
    else this.#respond(responseTo(this.#request, 408, undefined, { toTag: randomTag() }));
    this.#finish();
  }

  #passOn(response: SipResponse): void {
    this.#respond(returned(response));
  }

  #respond(response: SipResponse): void {
    const { state, target } = this.#transaction;
    const isOpen = state === 'trying' || state === 'proceeding';
    const isSuccess = response.status >= 200 && response.status < 300;
    if (isOpen) {
      this.#record(response);
      this.#transaction.respond(response).catch(nothing);
      // A 2xx that crosses our 487, is repeated, or comes from another branch (RFC 3261 16.7 step 9).
    } else if (isSuccess && this.#isInvite) this.#context.layer.sendStateless(response, target).catch(nothing);
  }

  #record(response: SipResponse): void {
    if (!this.#isInvite || response.status < 200) return;
    const { records } = this.#context;
    if (response.status < 300) records.start('application', 'proxy-uas', response);
    else records.stop('application', refusalReason(response.status), response);
  }

  /** The caller has its final response: nobody is waited for any more. */
  #finish(): void {
    if (this.#state === 'done') return;
    this.#state = 'done';
    this.#cancelBranches();
    this.#observer.done();
  }

  #cancelBranches(): void {
    for (const branch of this.#branches) branch.cancel();
  }
}
