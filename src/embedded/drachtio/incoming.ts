import { randomUUID } from 'node:crypto';
import { parseCSeq, tagOf } from '../sip/address.ts';
import { responseTo, serializeMessage, type SipRequest, type SipResponse } from '../sip/message.ts';
import { repeatUntilAcknowledged } from '../sip/success-repetition.ts';
import type { ServerTransaction } from '../sip/transaction.ts';
import type { SipSource } from '../sip/transport.ts';
import type { AppConnection } from './app-connection.ts';
import { completeResponse } from './completion.ts';
import { Dialog, dialogId } from './dialog.ts';
import { firstRSeq, knowsReliability, ReliableProvisional, wantsReliability } from './reliable-provisional.ts';
import { receivedMeta, type ServerContext } from './server-context.ts';
import type { SessionKeeper } from './session-keeper.ts';
import { answeredSessionExpires } from './session-timer.ts';

/** A request an application has been given and has not answered finally. */
interface Incoming {
  readonly id: string;
  readonly transaction: ServerTransaction;
  readonly request: SipRequest;
  readonly source: SipSource;
  readonly app: AppConnection;
  readonly initial: boolean;
  dialog: Dialog | undefined;
  reliable: ReliableProvisional | undefined;
  /** RSeq of the last reliable provisional response, 0 before the first. */
  rseq: number;
  /** Runs once nobody is going to answer any more. */
  abandon: NodeJS.Timeout | undefined;
}

/** What an unanswered request is kept for, in multiples of 64*T1: measured as 64 s. */
const ABANDON_FACTOR = 2;
/** What an application is given outside dialogs; drachtio-server 0.9.10 drops REFER and methods it does not know. */
const beginsSomething = new Set('INVITE REGISTER MESSAGE OPTIONS INFO NOTIFY SUBSCRIBE PUBLISH'.split(' '));
const endsOrChanges = new Set(['BYE', 'UPDATE', 'PRACK']);
const refreshesTarget = new Set(['INVITE', 'UPDATE', 'SUBSCRIBE', 'NOTIFY', 'REFER']);

/** Requests from the network: to the right application, and its responses back. */
export class IncomingRequests {
  readonly #context: ServerContext;
  readonly #keeper: SessionKeeper;
  /** Makes a dialog of a NOTIFY that came before the 2xx to our SUBSCRIBE. */
  readonly #adoptNotify: (notify: SipRequest) => Dialog | undefined;
  readonly #pending = new Map<string, Incoming>();
  /** Unanswered requests outside dialogs, by what a forking proxy leaves alike in all copies. */
  readonly #initial = new Map<string, Incoming>();
  readonly #byTransaction = new Map<ServerTransaction, Incoming>();

  constructor(context: ServerContext, keeper: SessionKeeper, adoptNotify: (notify: SipRequest) => Dialog | undefined) {
    this.#context = context;
    this.#keeper = keeper;
    this.#adoptNotify = adoptNotify;
  }

  receive(transaction: ServerTransaction, request: SipRequest, source: SipSource): void {
    const isTagged = tagOf(request.headers.get('to')) !== '';
    const dialog = isTagged ? this.#dialogOf(request) : undefined;
    if (dialog !== undefined) this.#receiveInDialog(transaction, request, source, dialog);
    else if (beginsSomething.has(request.method) && !(isTagged && request.method === 'INVITE')) {
      // Measured: what names a dialog nobody knows is a request outside dialogs for drachtio-server 0.9.10.
      this.#receiveNew(transaction, request, source);
    } else this.#answer(transaction, isTagged || endsOrChanges.has(request.method) ? 481 : 501);
  }

  /** The ACK to a 2xx: stops its repetition and goes to the application once, under its INVITE's transaction. */
  receiveAck(ack: SipRequest, source: SipSource): void {
    const dialog = this.#context.dialogs.find(ack);
    const repeating = dialog?.repeating;
    if (dialog === undefined || repeating?.cseq !== parseCSeq(ack.headers.get('cseq') ?? '').number) return;
    repeating.stop();
    dialog.repeating = undefined;
    // Measured: an ACK comes with an empty protocol field.
    dialog.app.deliver(repeating.transaction, dialog.id, receivedMeta(source, ''), serializeMessage(ack));
  }

  /** Answers the INVITE 487 and tells the application; a response of its own comes too late then (measured). */
  receiveCancel(invite: ServerTransaction, cancel: SipRequest, source: SipSource): void {
    this.#answer(invite, 487);
    const incoming = this.#byTransaction.get(invite);
    if (incoming === undefined) return;
    const { dialog } = incoming;
    this.#settle(incoming);
    if (incoming.initial) this.#context.records.stop('network', 'call-canceled', incoming.request);
    if (incoming.initial && dialog !== undefined) this.#context.dialogs.end(dialog);
    const meta = { ...receivedMeta(source), bytes: incoming.source.bytes };
    incoming.app.deliver(incoming.id, dialog?.id ?? '', meta, serializeMessage(cancel));
  }

  /** Sends an application's response. `draft` has the status, and the headers and body it cares for. */
  respond(app: AppConnection, messageId: string, id: string, draft: SipResponse): void {
    const incoming = this.#pending.get(id);
    if (incoming === undefined) {
      app.reply(messageId, 'NOK|Response not sent due to unknown transaction');
      return;
    }
    const { transaction, request } = incoming;
    if (wantsReliability(draft) && !knowsReliability(request)) {
      app.reply(messageId, 'NOK|Remote endpoint does not support 100rel');
      return;
    }
    const response = this.#complete(incoming, draft);
    if (draft.status > 100) this.#noteResponse(incoming, response);
    // A response that is lost is asked for again by the repeated request; a dead TCP peer needs none.
    transaction.respond(response).catch(() => this.#settle(incoming));
    this.#noteReliable(incoming, response);
    if (draft.status >= 200) {
      this.#settle(incoming);
      this.#record(incoming, response);
    }
    const text = serializeMessage(response);
    const { protocol, address, port } = transaction.target;
    const isInvite = request.method === 'INVITE';
    const meta = { bytes: Buffer.byteLength(text), protocol: isInvite ? protocol : '', address, port };
    app.replySentResponse(messageId, id, dialogNameFor(incoming), meta, text);
  }

  /** Gives a new request up to a proxy. @returns its transaction; undefined when there is no such request any more. */
  release(id: string): ServerTransaction | undefined {
    const incoming = this.#pending.get(id);
    if (incoming?.initial !== true || incoming.dialog !== undefined) return undefined;
    this.#settle(incoming);
    return incoming.transaction;
  }

  /** The application is gone: what it did not answer stays unanswered (measured) and is dropped after 64 s. */
  appGone(app: AppConnection): void {
    for (const incoming of this.#pending.values()) if (incoming.app === app) this.#abandonLater(incoming);
  }

  close(): void {
    for (const incoming of [...this.#pending.values()]) this.#settle(incoming);
  }

  #receiveNew(transaction: ServerTransaction, request: SipRequest, source: SipSource): void {
    if (this.#isMerged(request)) {
      this.#answer(transaction, 482);
      return;
    }
    const { apps, records, tagFor } = this.#context;
    const isInvite = request.method === 'INVITE';
    const app = apps.pick(request.method, tagFor(request));
    if (isInvite) records.attempt('network', request);
    if (app === undefined) {
      this.#answer(transaction, 503);
      if (isInvite) records.stop('application', 'call-rejected', responseTo(request, 503));
      return;
    }
    const incoming = this.#track(transaction, request, source, app, undefined);
    const { local } = this.#context;
    const receivedOn = `${local.host}|${local.port(source.protocol)}`;
    app.deliverNew(incoming.id, receivedMeta(source), receivedOn, serializeMessage(request));
  }

  /** RFC 3261 8.2.2.2: the same request came by two ways; one of them is enough. */
  #isMerged(request: SipRequest): boolean {
    if (this.#initial.has(mergeKey(request))) return true;
    const { headers } = request;
    const name = dialogId(headers.get('call-id') ?? '', tagOf(headers.get('from')));
    return this.#context.dialogs.get(name)?.remoteCSeq === parseCSeq(headers.get('cseq') ?? '').number;
  }

  #dialogOf(request: SipRequest): Dialog | undefined {
    const dialog = this.#context.dialogs.find(request);
    return dialog ?? (request.method === 'NOTIFY' ? this.#adoptNotify(request) : undefined);
  }

  #receiveInDialog(transaction: ServerTransaction, request: SipRequest, source: SipSource, dialog: Dialog): void {
    const { app } = dialog;
    if (!app.connected) {
      // Measured: nobody inherits the dialogs of an application that is gone; a BYE clears them nevertheless.
      if (request.method === 'BYE') this.#context.dialogs.end(dialog);
      this.#answer(transaction, 481);
      return;
    }
    const refusal = refusalInDialog(dialog, request);
    if (refusal !== undefined) {
      this.#answer(transaction, refusal.status, refusal.headers);
      return;
    }
    dialog.remoteCSeq = parseCSeq(request.headers.get('cseq') ?? '').number;
    if (request.method === 'PRACK') this.#receivePrack(transaction, request, dialog);
    const incoming = this.#track(transaction, request, source, app, dialog);
    if (request.method === 'INVITE') dialog.remoteInvitePending = true;
    if (request.method === 'BYE') {
      this.#endByPeer(dialog);
      this.#context.records.stop('network', 'normal-release', request);
    }
    app.deliver(incoming.id, dialog.id, receivedMeta(source), serializeMessage(request));
    if (request.method === 'PRACK') this.#settle(incoming);
  }

  /** RFC 3262 3: the server answers PRACK itself, as drachtio-server does; the application only hears of it. */
  #receivePrack(transaction: ServerTransaction, prack: SipRequest, dialog: Dialog): void {
    for (const incoming of this.#pending.values()) {
      if (incoming.dialog !== dialog || incoming.reliable?.acknowledge(prack) !== true) continue;
      incoming.reliable = undefined;
      this.#answer(transaction, 200);
      return;
    }
    this.#answer(transaction, 481);
  }

  /** RFC 3261 15.1.2: requests still open in the dialog get 487. */
  #endByPeer(dialog: Dialog): void {
    for (const incoming of [...this.#pending.values()]) {
      if (incoming.dialog !== dialog || incoming.request.method === 'BYE') continue;
      this.#answer(incoming.transaction, 487);
      this.#settle(incoming);
    }
    this.#context.dialogs.end(dialog);
  }

  #track(
    transaction: ServerTransaction,
    request: SipRequest,
    source: SipSource,
    app: AppConnection,
    dialog: Dialog | undefined,
  ): Incoming {
    const id = randomUUID();
    const initial = dialog === undefined;
    const common = { id, transaction, request, source, app, initial, dialog };
    const incoming: Incoming = { ...common, reliable: undefined, rseq: 0, abandon: undefined };
    this.#pending.set(id, incoming);
    this.#byTransaction.set(transaction, incoming);
    if (initial) this.#initial.set(mergeKey(request), incoming);
    // An INVITE may ring for as long as its caller likes; anything else is given up by its sender after 64*T1.
    if (request.method !== 'INVITE') this.#abandonLater(incoming);
    return incoming;
  }

  #abandonLater(incoming: Incoming): void {
    incoming.abandon ??= setTimeout(() => {
      incoming.transaction.abandon();
      this.#settle(incoming);
      if (incoming.initial && incoming.dialog?.state === 'early') this.#context.dialogs.end(incoming.dialog);
    }, ABANDON_FACTOR * this.#context.layer.timers.giveUp);
  }

  #settle(incoming: Incoming): void {
    clearTimeout(incoming.abandon);
    incoming.reliable?.stop();
    if (incoming.dialog !== undefined && incoming.request.method === 'INVITE') {
      incoming.dialog.remoteInvitePending = false;
    }
    this.#pending.delete(incoming.id);
    this.#byTransaction.delete(incoming.transaction);
    if (incoming.initial) this.#initial.delete(mergeKey(incoming.request));
  }

  #complete(incoming: Incoming, draft: SipResponse): SipResponse {
    const { transaction, request, dialog } = incoming;
    const { local } = this.#context;
    const { protocol } = transaction.target;
    const response = completeResponse(request, draft, transaction.localTag, local, protocol, dialog?.contact);
    if (wantsReliability(response)) {
      incoming.rseq = incoming.rseq === 0 ? firstRSeq() : incoming.rseq + 1;
      response.headers.set('RSeq', String(incoming.rseq));
    }
    const success = draft.status >= 200 && draft.status < 300;
    if (success && (request.method === 'INVITE' || request.method === 'UPDATE')) {
      const agreed = answeredSessionExpires(request.headers);
      if (agreed !== undefined && !response.headers.has('session-expires')) {
        response.headers.append('Session-Expires', agreed);
      }
    }
    return response;
  }

  /** What a response changes in its dialog, or that it makes one (RFC 3261 12.1). */
  #noteResponse(incoming: Incoming, response: SipResponse): void {
    const { request } = incoming;
    const { dialogs } = this.#context;
    const success = response.status >= 200 && response.status < 300;
    if (response.status >= 300) {
      if (incoming.initial && incoming.dialog !== undefined) dialogs.end(incoming.dialog);
      return;
    }
    const makesDialog = request.method === 'INVITE' || (success && /^(SUBSCRIBE|REFER)$/.test(request.method));
    if (incoming.dialog === undefined && makesDialog) {
      const contact = response.headers.get('contact') ?? this.#context.local.contact(incoming.source.protocol);
      incoming.dialog = Dialog.ofServer(request, tagOf(response.headers.get('to')), contact, incoming.app);
      dialogs.add(incoming.dialog);
    }
    const { dialog } = incoming;
    if (dialog === undefined) return;
    if (response.body.startsWith('v=0')) dialog.localSdp = response.body;
    if (!success || dialog.state === 'ended') return;
    if (makesDialog) dialog.state = 'confirmed';
    if (response.headers.has('contact')) dialog.contact = response.headers.get('contact') ?? dialog.contact;
    if (refreshesTarget.has(request.method)) dialog.refreshTarget(request.headers);
    if (request.method === 'NOTIFY' && dialog.endsWith(request)) dialogs.end(dialog);
    if (request.method === 'INVITE') this.#repeatSuccess(incoming, dialog, response);
    if (request.method === 'INVITE' || request.method === 'UPDATE') this.#keeper.keep(dialog, response, 'uas');
  }

  #record({ initial, request }: Incoming, response: SipResponse): void {
    if (!initial || request.method !== 'INVITE') return;
    const { records } = this.#context;
    if (response.status < 300) records.start('application', 'uas', response);
    else records.stop('application', 'call-rejected', response);
  }

  #repeatSuccess(incoming: Incoming, dialog: Dialog, response: SipResponse): void {
    const { layer } = this.#context;
    const cseq = parseCSeq(incoming.request.headers.get('cseq') ?? '').number;
    const { target } = incoming.transaction;
    const stop = repeatUntilAcknowledged(layer.transport, layer.timers, response, target, () => {
      dialog.repeating = undefined;
      this.#keeper.end(dialog, 'SIP;cause=200;text="ACK timeout"');
    });
    dialog.repeating = { transaction: incoming.id, cseq, stop };
  }

  /** RFC 3262: a provisional response with `Require: 100rel` is numbered and repeated until its PRACK. */
  #noteReliable(incoming: Incoming, response: SipResponse): void {
    if (!response.headers.has('rseq')) return;
    const { layer } = this.#context;
    incoming.reliable?.stop();
    incoming.reliable = new ReliableProvisional(layer, response, incoming.transaction.target, () => {
      this.respond(incoming.app, randomUUID(), incoming.id, responseTo(incoming.request, 504));
    });
  }

  #answer(transaction: ServerTransaction, status: number, headers: Record<string, string> = {}): void {
    transaction.respond(responseTo(transaction.request, status, undefined, { headers })).catch(() => {
      transaction.abandon();
    });
  }
}

/** Measured: an INVITE names the dialog it makes even when it is refused, anything else only one that still is. */
function dialogNameFor({ request, dialog }: Incoming): string {
  const { headers, method } = request;
  if (method === 'INVITE') return dialog?.id ?? dialogId(headers.get('call-id') ?? '', tagOf(headers.get('from')));
  return dialog === undefined || dialog.state === 'ended' ? '' : dialog.id;
}

const mergeKey = ({ headers }: SipRequest): string =>
  `${dialogId(headers.get('call-id') ?? '', tagOf(headers.get('from')))} ${headers.get('cseq') ?? ''}`;

interface Refusal {
  readonly status: number;
  readonly headers: Record<string, string>;
}

/** RFC 3261 12.2.2 (order), 14.2 (overlapping INVITEs). */
function refusalInDialog(dialog: Dialog, request: SipRequest): Refusal | undefined {
  const { number } = parseCSeq(request.headers.get('cseq') ?? '');
  if (number < dialog.remoteCSeq) return { status: 500, headers: {} };
  if (request.method !== 'INVITE') return undefined;
  if (dialog.localInvitePending) return { status: 491, headers: {} };
  const retryAfter = { 'Retry-After': String(Math.floor(Math.random() * 11)) };
  return dialog.remoteInvitePending ? { status: 500, headers: retryAfter } : undefined;
}
