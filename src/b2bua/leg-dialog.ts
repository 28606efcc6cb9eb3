import { setTimeout as delay } from 'node:timers/promises';
import { EarpieceError } from '../coaching/errors.ts';
import { unless, withResolvers } from './deadline.ts';
import { type DialogFacts, factsOf, headersInDialog, routeOf } from './dialog-facts.ts';
import { forgetMessages } from './dialog-memory.ts';
import { type FinalResponse, isDialogGone, requestInDialog } from './in-dialog-request.ts';
import { parseNameAddr, splitList } from './sip-uri.ts';
import { Srf } from './srf.ts';
import type { Content, Headers, SentRequest, Stack, StackDialog, StackMessage } from './stack.ts';

/** How long we wait for the answer to a BYE, in ms. */
const BYE_MS = 2_000;
/** How often, and how long apart in ms, we try to send one while drachtio is away. */
const [BYE_ATTEMPTS, BYE_PAUSE_MS] = [30, 1_000];

/** What is found out about a dialog that drachtio does not tell us of any more. */
export type Finding = 'there' | 'forgotten' | 'gone' | 'silent';

/**
 * The SIP dialog of a leg, whatever drachtio knows of it:
 *
 *     held ──► orphaned ──► adrift
 *       ▲                     │ a re-INVITE that the phone takes
 *       └─────────────────────┘
 *
 * `orphaned`: the process or the connection that the dialog belonged to is gone. drachtio answers what the phone says with 481 and
 * tells nobody, but passes on what anybody says to the phone (measured). `adrift`: drachtio was restarted and knows nothing. A
 * request that carries Call-ID, tags and route set is one of the dialog for the phone all the same, and the 200 to such an
 * INVITE gives drachtio its dialog back: BYE and re-INVITE of the phone are told again (measured with drachtio-server 0.9.10).
 */
export class LegDialog {
  readonly #stack: Stack;
  readonly #hear: (dialog: StackDialog) => void;
  #facts: DialogFacts;
  #hold: { readonly is: 'held'; readonly dialog: StackDialog } | { readonly is: 'orphaned' | 'adrift' };
  /** drachtio has the dialog from us, and does not know its route set. */
  #rejoined = false;
  #connection: AbortController | undefined;

  /** `from`: the dialog that was just made, or what was written down of one. `hear` is called with each dialog that srf tells of. */
  constructor(stack: Stack, from: StackDialog | DialogFacts, hear: (dialog: StackDialog) => void) {
    this.#stack = stack;
    this.#hear = hear;
    if ('on' in from) {
      this.#facts = factsOf(from);
      this.#hold = { is: 'held', dialog: from };
      hear(from);
      forgetMessages(from, this.#facts);
    } else {
      this.#facts = from;
      this.#hold = { is: 'orphaned' };
    }
  }

  get facts(): DialogFacts {
    return this.#facts;
  }

  /** Whether what the phone says reaches us. */
  get held(): boolean {
    return this.#hold.is === 'held';
  }

  /** Like `requestInDialog`. */
  async request(content: Content & { readonly method: string }, ms: number): Promise<FinalResponse> {
    if (this.#hold.is !== 'adrift') {
      try {
        return await this.#known(content, ms);
      } catch (error) {
        // A dialog that we hold is gone because the phone has hung up, as we are about to hear.
        if (this.held || !isDialogGone(error)) throw error;
        this.#hold = { is: 'adrift' };
      }
    }
    return this.#unknown(content, ms);
  }

  /** Sends BYE; while drachtio is away, as soon as it is back. Rejects when nobody takes it. */
  async bye(headers: Headers): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#bye(headers);
        return;
      } catch (error) {
        const unsent = EarpieceError.from(error).code === 'unavailable' && !isDialogGone(error);
        if (!unsent || attempt === BYE_ATTEMPTS) throw error;
      }
      await delay(BYE_PAUSE_MS, undefined, { ref: false });
    }
  }

  /** The connection to drachtio is lost, and with it what waits for an answer. */
  lost(): void {
    if (this.#hold.is === 'held') {
      this.#stack.removeDialog(this.#hold.dialog);
      this.#hold = { is: 'orphaned' };
    }
    this.#connection?.abort('the connection to drachtio was lost');
    this.#connection = undefined;
  }

  /** Where a dialog is that we do not hold. Rejects with `unavailable` when that cannot be found out now. */
  async look(ms: number): Promise<Finding> {
    if (this.#hold.is === 'adrift') return 'forgotten';
    try {
      const { response } = await this.#known({ method: 'OPTIONS' }, ms);
      if (response.status === 481) return 'gone';
      return response.status === 408 ? 'silent' : 'there';
    } catch (error) {
      if (isDialogGone(error)) {
        this.#hold = { is: 'adrift' };
        return 'forgotten';
      }
      if (EarpieceError.from(error).code === 'timeout') return 'silent';
      throw error;
    }
  }

  /** The phone says where it is from now on (RFC 3261 12.2.2). */
  refreshTarget(message: StackMessage): void {
    const contact = parseNameAddr(splitList(message.get('Contact') ?? '')[0] ?? '')?.uri;
    if (contact !== undefined && contact !== this.#facts.target) this.#facts = { ...this.#facts, target: contact };
  }

  /** Aborted when the connection is lost that something is sent through now. */
  get #connected(): AbortSignal {
    this.#connection ??= new AbortController();
    return this.#connection.signal;
  }

  async #bye(headers: Headers): Promise<void> {
    if (this.#hold.is !== 'held') {
      await this.request({ method: 'BYE', headers }, BYE_MS);
      return;
    }
    const { promise, resolve, reject } = withResolvers<'ended'>();
    this.#hold.dialog.destroy({ headers: { ...this.#route, ...headers } }, (cause) => {
      if (cause === null || cause === undefined) resolve('ended');
      else reject(EarpieceError.from(cause));
    });
    // srf says nothing when the connection is lost meanwhile.
    const lost = () => new EarpieceError('unavailable', 'BYE was lost with the connection');
    await unless(this.#connected, promise, lost).catch(async (error: unknown) => {
      // Of a dialog given back by a phone that did not say where it is, drachtio knows no target; we do (measured).
      if (!this.#rejoined) throw error;
      await this.#unknown({ method: 'BYE', headers }, BYE_MS);
    });
  }

  get #route(): Headers {
    return this.#rejoined ? routeOf(this.#facts) : {};
  }

  #known({ headers, ...content }: Content & { readonly method: string }, ms: number): Promise<FinalResponse> {
    const request = { ...content, stackDialogId: this.#facts.id, headers: { ...this.#route, ...headers } };
    return requestInDialog(this.#stack, 'sip:placeholder', request, ms, this.#connected);
  }

  async #unknown({ headers, ...content }: Content & { readonly method: string }, ms: number): Promise<FinalResponse> {
    const facts = this.#facts;
    const request = {
      ...content,
      // Not our Contact: this drachtio may be another one, at another address, which it knows itself.
      headers: { ...withoutContact(headers), ...headersInDialog(facts, content.method) },
      ...(facts.proxy !== undefined && { proxy: facts.proxy }),
    };
    const answered = (sent: SentRequest, { response }: FinalResponse) => {
      if (content.method !== 'INVITE' || response.status >= 300) return;
      // Who says nothing of where it is, is where it was (RFC 3261 12.2.1.2). srf makes no dialog without.
      if (!response.has('Contact')) response.set('Contact', `<${facts.target}>`);
      this.#rejoin(new Srf.Dialog(this.#stack, 'uac', { req: sent, res: response }));
    };
    const { response, acknowledge } = await requestInDialog(
      this.#stack,
      facts.target,
      request,
      ms,
      this.#connected,
      answered,
    );
    // The ACK goes the way of the INVITE: a 200 within a dialog need not have the route set again (RFC 3261 12.2.1).
    return {
      response,
      acknowledge: (ack = {}) => acknowledge({ ...ack, headers: { ...routeOf(facts), ...ack.headers } }),
    };
  }

  #rejoin(dialog: StackDialog): void {
    const { id, remote, local } = dialog;
    this.#facts = { ...this.#facts, id, target: remote.uri ?? this.#facts.target, contact: local.contact };
    this.#rejoined = true;
    this.#hold = { is: 'held', dialog };
    this.#stack.addDialog(dialog);
    this.#hear(dialog);
    forgetMessages(dialog, this.#facts);
  }
}

function withoutContact(headers: Headers = {}): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'Contact'));
}
