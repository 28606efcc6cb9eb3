import { parseCSeq } from '../sip/address.ts';
import { SipParseError } from '../sip/parse-error.ts';
import { serializeMessage, type SipRequest, type SipResponse } from '../sip/message.ts';
import type { TerminationReason } from './call-detail-records.ts';
import { completeInDialog } from './completion.ts';
import type { Dialog } from './dialog.ts';
import { sentMeta, type ServerContext } from './server-context.ts';
import { MIN_SESSION_SECONDS, readSessionExpires, SessionTimer, type Refresher } from './session-timer.ts';

const nothing = (): void => undefined;

/** What the server does in a dialog on its own: ACKs, BYEs, session refreshes (RFC 4028 10). */
export class SessionKeeper {
  readonly #context: ServerContext;

  constructor(context: ServerContext) {
    this.#context = context;
  }

  /** Sends the ACK to a 2xx and keeps it for repetitions of that 2xx. @returns the ACK as sent. */
  acknowledge(dialog: Dialog, cseq: number, draft?: SipRequest): SipRequest {
    const { layer, local } = this.#context;
    const target = dialog.nextHop;
    const skeleton = dialog.request('ACK', cseq);
    const ack = completeInDialog(skeleton, draft ?? skeletonDraft(skeleton), local, target.protocol, dialog.contact);
    // A lost ACK is asked for by the repeated 2xx.
    layer.sendStateless(ack, target).catch(nothing);
    if (dialog.ackOwed === cseq) dialog.ackOwed = undefined;
    dialog.lastAck = ack;
    if (ack.body.startsWith('v=0')) dialog.localSdp = ack.body;
    return ack;
  }

  /** The 2xx came again: its ACK was lost. */
  acknowledgeAgain(dialog: Dialog): void {
    if (dialog.lastAck === undefined) return;
    this.#context.layer.sendStateless(dialog.lastAck, dialog.nextHop).catch(nothing);
  }

  /** A 2xx nobody wants, late or from another branch of a fork: ACK, then BYE (RFC 3261 13.2.2.4). */
  refuse(stray: Dialog, cseq: number): void {
    if (!hasAddress(stray)) return;
    this.acknowledge(stray, cseq);
    this.#sendBye(stray, undefined);
  }

  /** Ends a dialog with a BYE of the server's own and tells its application. */
  end(dialog: Dialog, reason: string): void {
    if (dialog.state === 'ended') return;
    this.#context.dialogs.end(dialog);
    if (!hasAddress(dialog)) return;
    const { sent, target } = this.#sendBye(dialog, reason);
    const text = serializeMessage(sent);
    this.#context.records.stop('application', terminationReason(reason), sent);
    dialog.app.deliverUnsolicited(dialog.id, sentMeta(this.#context, target, text), text);
  }

  /** Starts, restarts or stops the session timer as a 2xx to INVITE or UPDATE says. `own`: our part in that request. */
  keep(dialog: Dialog, success: SipResponse, own: Refresher): void {
    dialog.timer?.stop();
    dialog.timer = undefined;
    const agreed = readSessionExpires(success.headers);
    if (agreed === undefined || dialog.state !== 'confirmed') return;
    // RFC 4028 9: a 2xx names the refresher; where it does not, the one that asked refreshes.
    const refreshing = (agreed.refresher ?? 'uac') === own;
    dialog.timer = this.#timer(dialog, agreed.seconds * this.#context.second, refreshing);
  }

  #timer(dialog: Dialog, interval: number, refreshing: boolean): SessionTimer {
    return new SessionTimer({
      interval,
      refreshing,
      refresh: () => {
        this.#refresh(dialog, interval);
      },
      expire: () => {
        this.end(dialog, 'SIP;cause=200;text="Session timer expired"');
      },
    });
  }

  #refresh(dialog: Dialog, interval: number): void {
    // A re-INVITE on its way is a refresh itself; should it fail, expiry ends the session.
    if (dialog.localInvitePending || dialog.remoteInvitePending || !hasAddress(dialog)) return;
    const { layer, local, second } = this.#context;
    const target = dialog.nextHop;
    const skeleton = dialog.request('INVITE');
    skeleton.headers.append('Session-Expires', `${Math.round(interval / second)};refresher=uac`);
    skeleton.headers.append('Min-SE', String(MIN_SESSION_SECONDS));
    const draft: SipRequest = { ...skeletonDraft(skeleton), body: dialog.localSdp };
    dialog.localInvitePending = true;
    const { number } = parseCSeq(skeleton.headers.get('cseq') ?? '');
    layer.request(completeInDialog(skeleton, draft, local, target.protocol, dialog.contact), target, {
      response: (response) => {
        this.#refreshed(dialog, number, response, interval);
      },
      failed: () => {
        dialog.localInvitePending = false;
      },
    });
  }

  #refreshed(dialog: Dialog, cseq: number, response: SipResponse, interval: number): void {
    if (response.status < 200) return;
    dialog.localInvitePending = false;
    if (response.status < 300) {
      dialog.refreshTarget(response.headers);
      this.acknowledge(dialog, cseq);
      if (dialog.state !== 'confirmed') return;
      if (readSessionExpires(response.headers) === undefined) {
        // The peer does not know session timers: it goes on being refreshed (RFC 4028 7.2).
        dialog.timer?.stop();
        dialog.timer = this.#timer(dialog, interval, true);
      } else this.keep(dialog, response, 'uac');
    } else if (response.status === 481 || response.status === 408) {
      // RFC 3261 12.2.1.2: the peer has no such dialog.
      this.end(dialog, `SIP;cause=${response.status};text="Session refresh failed"`);
    }
  }

  #sendBye(dialog: Dialog, reason: string | undefined): { sent: SipRequest; target: Dialog['nextHop'] } {
    const bye = dialog.request('BYE');
    if (reason !== undefined) bye.headers.append('Reason', reason);
    const target = dialog.nextHop;
    const { request } = this.#context.layer.request(bye, target, { response: nothing, failed: nothing });
    return { sent: request, target };
  }
}

/** Why the server ended a call, in the words of drachtio-server 0.9.10. */
const terminationReason = (reason: string): TerminationReason =>
  reason.includes('Session') ? 'session-expired' : 'system-initiated-termination';

const skeletonDraft = (skeleton: SipRequest): SipRequest => {
  const headers = skeleton.headers.clone();
  headers.delete('route');
  for (const name of ['session-expires', 'min-se']) headers.delete(name);
  return { ...skeleton, headers };
};

function hasAddress(dialog: Dialog): boolean {
  try {
    return dialog.nextHop.address !== '';
  } catch (error) {
    // A peer that gave no SIP URI cannot be sent anything.
    if (error instanceof SipParseError) return false;
    throw error;
  }
}
