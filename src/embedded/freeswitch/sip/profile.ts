import type { MediaEngine } from '../../rtp/engine.ts';
import { formatHostPort, parseUri, tagOf } from '../../sip/address.ts';
import { responseTo, type SipRequest } from '../../sip/message.ts';
import { SipParseError } from '../../sip/parse-error.ts';
import { type ServerTransaction, TransactionLayer, type TransactionOptions } from '../../sip/transaction.ts';
import { type SipSource, SipTransport } from '../../sip/transport.ts';
import type { Step } from '../channel/application.ts';
import type { Channel, Signalling } from '../channel/channel.ts';
import { reasonHeader } from '../channel/hangup-cause.ts';
import { Dialog, dialogKey } from './dialog.ts';
import { ALLOWED, SERVER_HEADERS } from './headers.ts';
import { Leg } from './leg.ts';
import { type Agreement, MediaSession } from './session.ts';

/** The name fsmrf looks for in `sofia status`. */
export const PROFILE = 'drachtio_mrf';

/** An INVITE that was answered. */
export interface Call {
  readonly invite: SipRequest;
  readonly source: SipSource;
  readonly localTag: string;
  readonly signalling: Signalling;
  readonly session: MediaSession;
  readonly agreement: Agreement;
  readonly steps: readonly Step[];
}

/** What the profile needs of the switch behind it. */
export interface Switch {
  readonly engine: MediaEngine;
  /** @returns undefined for a destination there is none for */
  dialplan(invite: SipRequest, user: string): readonly Step[] | undefined;
  begin(call: Call): Channel;
  /** @param beginning calls that are being answered @returns false when there is no room for one more */
  admits(beginning: number): boolean;
  /** Whether OPTIONS is answered 200, else 503. */
  takesCalls(): boolean;
}

/** The SIP side: one listening point that takes calls, and the dialogs they become. */
export class SipProfile {
  readonly port: number;
  readonly #host: string;
  readonly #layer: TransactionLayer;
  readonly #switch: Switch;
  readonly #legs = new Map<string, Leg>();
  readonly #cancelled = new WeakSet<ServerTransaction>();
  #beginning = 0;

  private constructor(transport: SipTransport, layer: TransactionLayer, behind: Switch) {
    this.port = transport.udpPort;
    this.#host = transport.host;
    this.#layer = layer;
    this.#switch = behind;
    layer.onRequest((transaction, request, source) => this.#onRequest(transaction, request, source));
    layer.onAck((ack) => this.#legOf(ack)?.acknowledged(ack));
    layer.onCancel((invite) => {
      this.#cancelled.add(invite);
      this.#refuse(invite, 487);
    });
  }

  /** @param options.port 0 takes any free one @throws when the address cannot be bound */
  static async listen(
    behind: Switch,
    options: { host: string; port: number; transactions?: TransactionOptions },
  ): Promise<SipProfile> {
    const transport = await SipTransport.listen({ host: options.host, udpPort: options.port });
    return new SipProfile(transport, new TransactionLayer(transport, options.transactions), behind);
  }

  get url(): string {
    return `sip:mod_sofia@${formatHostPort(this.#host, this.port)}`;
  }

  /** Forgets all dialogs without a word, and closes the sockets. */
  async close(): Promise<void> {
    for (const leg of this.#legs.values()) leg.abandon();
    this.#legs.clear();
    await this.#layer.close();
  }

  #legOf(request: SipRequest): Leg | undefined {
    const key = dialogKey(request.headers.get('call-id') ?? '', tagOf(request.headers.get('to')));
    return this.#legs.get(key);
  }

  #onRequest(transaction: ServerTransaction, request: SipRequest, source: SipSource): void {
    if (tagOf(request.headers.get('to')) !== '') {
      const leg = this.#legOf(request);
      if (leg === undefined) this.#refuse(transaction, 481);
      else leg.receive(transaction, request);
      return;
    }
    switch (request.method) {
      case 'INVITE':
        this.#admit(transaction, source);
        return;
      case 'OPTIONS':
        if (this.#switch.takesCalls()) this.#refuse(transaction, 200, { Accept: 'application/sdp' });
        else this.#refuse(transaction, 503, { 'Retry-After': '300' }, 'Maximum Calls In Progress');
        return;
      case 'BYE':
      case 'UPDATE':
      case 'INFO':
        this.#refuse(transaction, 481);
        return;
      default:
        this.#refuse(transaction, 405, { Allow: ALLOWED });
    }
  }

  /** What is full, paused or going down says so with one answer, whatever it was asked for (measured on FreeSWITCH 1.10.12). */
  #admit(transaction: ServerTransaction, source: SipSource): void {
    if (!this.#switch.admits(this.#beginning)) {
      this.#refuse(transaction, 503, { 'Retry-After': '300' }, 'Maximum Calls In Progress');
      return;
    }
    this.#beginning++;
    this.#invite(transaction, source)
      // A broken header is the caller's fault, everything else is ours.
      .catch((error: unknown) => this.#refuse(transaction, error instanceof SipParseError ? 400 : 500))
      .finally(() => this.#beginning--);
  }

  async #invite(transaction: ServerTransaction, source: SipSource): Promise<void> {
    const { request: invite, localTag } = transaction;
    const steps = this.#switch.dialplan(invite, parseUri(invite.uri).user ?? '');
    if (steps === undefined) {
      this.#refuse(transaction, 404, { Reason: reasonHeader('NO_ROUTE_DESTINATION') });
      return;
    }
    if (invite.body !== '' && !/^application\/sdp\b/i.test(invite.headers.get('content-type') ?? '')) {
      this.#refuse(transaction, 415, { Accept: 'application/sdp' });
      return;
    }
    const dialog = new Dialog(invite, localTag);
    const session = new MediaSession(await this.#switch.engine.createStream(), this.#host);
    const leg = new Leg({
      layer: this.#layer,
      dialog,
      session,
      contact: `<${contactUri(invite, this.#host, this.port, source)}>`,
      begin: (signalling, agreement) =>
        this.#switch.begin({ invite, source, localTag, signalling, session, agreement, steps }),
      onOver: () => void this.#legs.delete(dialog.key),
    });
    this.#legs.set(dialog.key, leg);
    let answered = false;
    try {
      answered = await this.#answer(transaction, leg, session);
    } finally {
      if (!answered) {
        this.#legs.delete(dialog.key);
        leg.abandon();
        await session.stream.close();
      }
    }
  }

  /** @returns whether there is a call now */
  async #answer(transaction: ServerTransaction, leg: Leg, session: MediaSession): Promise<boolean> {
    const { body } = transaction.request;
    const outcome = body === '' ? undefined : await session.accept(body);
    if (this.#cancelled.has(transaction)) return false;
    if (outcome?.kind === 'refused') {
      const reason = outcome.status === 488 ? { Reason: reasonHeader('INCOMPATIBLE_DESTINATION') } : {};
      this.#refuse(transaction, outcome.status, reason);
      return false;
    }
    await leg.answer(transaction, outcome ?? { offer: session.offer() });
    return true;
  }

  #refuse(
    transaction: ServerTransaction,
    status: number,
    headers: Readonly<Record<string, string>> = {},
    reason?: string,
  ): void {
    const response = responseTo(transaction.request, status, reason, { headers: { ...SERVER_HEADERS, ...headers } });
    // It has been answered already, by a CANCEL say, or cannot be sent: the caller asks again or gives up by itself.
    transaction.respond(response).catch(() => undefined);
  }
}

function contactUri(invite: SipRequest, host: string, port: number, { protocol }: SipSource): string {
  const user = parseUri(invite.uri).user ?? 'mod_sofia';
  return `sip:${user}@${formatHostPort(host, port)};transport=${protocol}`;
}
