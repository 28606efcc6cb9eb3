import { randomUUID } from 'node:crypto';
import { tagOf } from '../sip/address.ts';
import type { SipRequest } from '../sip/message.ts';
import type { ClientTransaction } from '../sip/transaction.ts';
import type { SipTarget } from '../sip/transport.ts';
import type { AppConnection } from './app-connection.ts';
import { dialogId, type Dialog } from './dialog.ts';

/** A request an application has sent. */
export interface OutgoingRequest {
  /** The transaction's name in the control protocol. */
  readonly id: string;
  readonly app: AppConnection;
  readonly target: SipTarget;
  /** It was sent outside any dialog. */
  readonly initial: boolean;
  /** As sent, once it is. */
  request: SipRequest;
  client: ClientTransaction | undefined;
  /** The dialog it is in, or has made. */
  dialog: Dialog | undefined;
  /** The application has cancelled it. */
  cancelled: boolean;
  /** To tag of the 2xx that was taken for the answer; those of other branches are refused. */
  answeredBy: string | undefined;
}

export function outgoingRequest(
  app: AppConnection,
  request: SipRequest,
  target: SipTarget,
  dialog: Dialog | undefined,
): OutgoingRequest {
  const initial = dialog === undefined;
  const common = { id: randomUUID(), app, target, initial, request, dialog };
  return { ...common, client: undefined, cancelled: false, answeredBy: undefined };
}

/** The id of the dialog that `request` makes, should it make one. */
export const dialogNameOf = (request: SipRequest): string =>
  dialogId(request.headers.get('call-id') ?? '', tagOf(request.headers.get('from')));
