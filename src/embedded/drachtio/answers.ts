import { parseCSeq, tagOf } from '../sip/address.ts';
import { randomTag } from '../sip/identifiers.ts';
import { responseTo, serializeMessage, type SipResponse } from '../sip/message.ts';
import type { FailureReason } from '../sip/transaction.ts';
import type { SipSource } from '../sip/transport.ts';
import { refusalReason } from './call-detail-records.ts';
import { Dialog } from './dialog.ts';
import type { MessageMeta } from './control-message.ts';
import { dialogNameOf, type OutgoingRequest } from './outgoing-request.ts';
import { receivedMeta, type ServerContext } from './server-context.ts';
import type { SessionKeeper } from './session-keeper.ts';

/** A response nobody sent: no bytes, from nowhere (measured). */
const fromNowhere: MessageMeta = { bytes: 0, protocol: 'udp', address: '', port: 0 };
const refreshesTarget = new Set(['UPDATE', 'SUBSCRIBE', 'NOTIFY', 'REFER']);

/** What comes back for the requests of applications: dialogs are made and ended by it, then it is passed on. */
export class Answers {
  readonly #context: ServerContext;
  readonly #keeper: SessionKeeper;

  constructor(context: ServerContext, keeper: SessionKeeper) {
    this.#context = context;
    this.#keeper = keeper;
  }

  receive(outgoing: OutgoingRequest, response: SipResponse, source: SipSource): void {
    // Measured: 100 Trying is not passed on.
    if (response.status === 100) return;
    if (outgoing.request.method !== 'INVITE') this.#noteAnswer(outgoing, response);
    else if (response.status < 200) this.#noteProvisional(outgoing, response);
    else if (response.status >= 300) this.#noteRefusal(outgoing);
    else if (!this.#accept(outgoing, response)) return;
    this.#record(outgoing, response);
    this.#deliver(outgoing, response, receivedMeta(source));
  }

  /** No final response will come: the application gets one as if it had. */
  fail(outgoing: OutgoingRequest, reason: FailureReason): void {
    this.answerLocally(outgoing, reason === 'timeout' ? 408 : 503);
  }

  answerLocally(outgoing: OutgoingRequest, status: number): void {
    const response = responseTo(outgoing.request, status, undefined, { toTag: randomTag() });
    if (status !== 491 && outgoing.request.method === 'INVITE') this.#noteRefusal(outgoing);
    this.#record(outgoing, response);
    this.#deliver(outgoing, response, fromNowhere);
  }

  #record({ initial, request }: OutgoingRequest, response: SipResponse): void {
    if (!initial || request.method !== 'INVITE' || response.status < 200) return;
    const { records } = this.#context;
    if (response.status < 300) records.start('network', 'uac', response);
    else records.stop('network', refusalReason(response.status), response);
  }

  #deliver(outgoing: OutgoingRequest, response: SipResponse, meta: MessageMeta): void {
    const { request, dialog } = outgoing;
    const name = dialog?.id ?? (request.method === 'INVITE' ? dialogNameOf(request) : '');
    outgoing.app.deliver(outgoing.id, name, meta, serializeMessage(response));
  }

  /** RFC 3261 12.1: a provisional response with a tag makes an early dialog; that of the latest branch is kept. */
  #noteProvisional(outgoing: OutgoingRequest, response: SipResponse): void {
    const tag = tagOf(response.headers.get('to'));
    if (!outgoing.initial || outgoing.answeredBy !== undefined || tag === '') return;
    if (outgoing.dialog?.remoteTag === tag) outgoing.dialog.refreshTarget(response.headers);
    else this.#makeDialog(outgoing, response);
  }

  #noteRefusal(outgoing: OutgoingRequest): void {
    const { dialog } = outgoing;
    if (dialog === undefined) return;
    if (outgoing.initial) this.#context.dialogs.end(dialog);
    else dialog.localInvitePending = false;
  }

  /** A 2xx to INVITE. @returns whether the application is to see it: repetitions and other branches are not its business. */
  #accept(outgoing: OutgoingRequest, response: SipResponse): boolean {
    const { request, app } = outgoing;
    const tag = tagOf(response.headers.get('to'));
    const cseq = parseCSeq(request.headers.get('cseq') ?? '').number;
    if (outgoing.answeredBy !== undefined) {
      if (outgoing.answeredBy !== tag) this.#keeper.refuse(Dialog.ofClient(request, response, app), cseq);
      else if (outgoing.dialog?.ackOwed === undefined && outgoing.dialog !== undefined) {
        this.#keeper.acknowledgeAgain(outgoing.dialog);
      }
      return false;
    }
    outgoing.answeredBy = tag;
    const dialog = this.#confirm(outgoing, response);
    if (dialog.state === 'ended' || !app.connected) {
      // The application hung up, or is gone: nobody would ever acknowledge this.
      this.#keeper.acknowledge(dialog, cseq);
      if (outgoing.initial) this.#keeper.end(dialog, 'SIP;cause=200;text="Application is gone"');
      return false;
    }
    dialog.ackOwed = cseq;
    dialog.lastAck = undefined;
    if (request.body.startsWith('v=0')) dialog.localSdp = request.body;
    this.#keeper.keep(dialog, response, 'uac');
    // Measured on a CANCEL that crosses the 2xx: the server waits for the ACK and hangs up itself.
    if (outgoing.cancelled) dialog.endAfterAck = 'SIP;cause=200;text="ACK-BYE due to cancel race condition"';
    return true;
  }

  #confirm(outgoing: OutgoingRequest, response: SipResponse): Dialog {
    if (!outgoing.initial && outgoing.dialog !== undefined) {
      outgoing.dialog.refreshTarget(response.headers);
      outgoing.dialog.localInvitePending = false;
      return outgoing.dialog;
    }
    const early = outgoing.dialog;
    const isSameBranch = early?.remoteTag === tagOf(response.headers.get('to'));
    const dialog = isSameBranch ? early : this.#makeDialog(outgoing, response);
    dialog.confirm(response);
    return dialog;
  }

  #makeDialog(outgoing: OutgoingRequest, response: SipResponse): Dialog {
    const dialog = Dialog.ofClient(outgoing.request, response, outgoing.app);
    outgoing.dialog = dialog;
    this.#context.dialogs.add(dialog);
    return dialog;
  }

  /** A response to anything but INVITE. */
  #noteAnswer(outgoing: OutgoingRequest, response: SipResponse): void {
    const { request } = outgoing;
    if (response.status < 200 || response.status >= 300) return;
    if (outgoing.dialog === undefined && (request.method === 'SUBSCRIBE' || request.method === 'REFER')) {
      this.#makeDialog(outgoing, response).confirm(response);
    }
    const { dialog } = outgoing;
    if (dialog === undefined || dialog.state === 'ended') return;
    if (refreshesTarget.has(request.method)) dialog.refreshTarget(response.headers);
    if (request.method === 'UPDATE') {
      if (request.body.startsWith('v=0')) dialog.localSdp = request.body;
      this.#keeper.keep(dialog, response, 'uac');
    }
    if (request.method === 'NOTIFY' && dialog.endsWith(request)) this.#context.dialogs.end(dialog);
  }
}
