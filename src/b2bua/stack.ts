import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';

/**
 * What is used of drachtio-srf 5.0.29, as it behaves: its own declarations leave out half of it and differ from the rest.
 * Everything is in callback style on purpose: a callback runs while the message is being handled, so that a BYE in the
 * same TCP segment as the 200 finds its handler. With promises 19 of 65 such BYEs were lost (measured).
 */

export type Headers = Readonly<Record<string, string>>;

export interface StackMessage {
  /** By name in lower case, but X-…, P-… and Diversion as they came; repeated headers joined by commas. */
  readonly headers: Headers;
  readonly body: string | undefined;
  get(name: string): string | undefined;
  has(name: string): boolean;
}

export interface StackRequest extends StackMessage {
  readonly method: string;
  readonly uri: string;
  readonly protocol: string;
  readonly source_address: string;
  readonly source_port: number;
  /** No To tag: a call, not a re-INVITE. */
  readonly isNewInvite: boolean;
  on(event: 'cancel', listener: (cancel: StackMessage) => void): unknown;
}

export interface StackResponse extends StackMessage {
  readonly status: number;
  readonly reason: string;
  set(name: string, value: string): unknown;
}

export interface Content {
  readonly headers?: Headers;
  readonly body?: string;
}

/** The answer to a request of the network. */
export interface Reply {
  readonly finalResponseSent: boolean;
  send(status: number, content?: Content): void;
  send(status: number, reason: string, content: Content): void;
}

/** Acknowledges a 2xx; the SDP is the answer to an offer in it. */
export type Acknowledge = (content?: Content) => void;

/** A message that made a dialog, as long as it is remembered. */
interface MadeOf {
  get?(name: string): string | undefined;
  readonly source_address?: string;
  readonly source_port?: number;
  readonly protocol?: string;
}

export interface StackDialog {
  readonly id: string;
  readonly type: 'uac' | 'uas';
  readonly connected: boolean;
  readonly sip: { callId: string; localTag: string; remoteTag: string };
  readonly local: { sdp: string; contact: string };
  readonly remote: { sdp: string; readonly uri?: string };
  /** What the dialog was made of. srf goes on using the method, the socket and the dialog's id. */
  req: MadeOf & { readonly method: string; readonly socket: unknown };
  res: MadeOf & { readonly stackDialogId: string };
  on(event: 'destroy', listener: (bye: StackRequest, reason: string) => void): unknown;
  on(event: 'modify' | 'update' | 'info' | 'message' | 'refer' | 'options', listener: InDialogListener): unknown;
  on(event: 'ack', listener: (ack: StackRequest) => void): unknown;
  destroy(options: { headers: Headers }, callback: (error: unknown) => void): void;
}

/** A dialog just made by a 200 to our INVITE. */
export type AnsweredDialog = StackDialog & { readonly res: StackResponse & { readonly stackDialogId: string } };

export type InDialogListener = (request: StackRequest, reply: Reply) => void;

/** A request of ours, as it was sent. */
export interface SentRequest {
  on(event: 'response', listener: (response: StackResponse, acknowledge: Acknowledge) => void): unknown;
  /** An UPDATE with the same Call-ID that came while this request is pending; srf sees nobody else to give it to. */
  on(event: 'update', listener: InDialogListener): unknown;
  /** Sends CANCEL. drachtio holds it back until there is a provisional response (RFC 3261 9.1). */
  cancel(options: { headers: Headers }, callback: (error: unknown) => void): void;
}

/** A 200 to an INVITE without SDP: the dialog is there once it is acknowledged. */
export interface OfferedDialog {
  readonly sdp: string;
  readonly res: StackResponse;
  ack(answer: string): Promise<StackDialog>;
  destroy(): Promise<void>;
}

export interface InviteOptions {
  readonly headers: Headers;
  readonly localSdp?: string;
  /** Hands an answer with an offer in it over instead of acknowledging it by itself. */
  readonly noAck?: boolean;
  /** Where to send the request, when that is not where its URI points to. */
  readonly proxy?: string;
  readonly auth?: { readonly username: string; readonly password: string };
}

export interface InviteProgress {
  cbRequest(error: unknown, request?: SentRequest): void;
  cbProvisional(response: StackResponse): void;
}

export interface Stack {
  connect(options: {
    host: string;
    port: number;
    secret: string;
    reconnect: { retryMaxDelay: number };
    enablePing: boolean;
    pingInterval: number;
  }): unknown;
  disconnect(): void;
  on(event: 'connect', listener: (error: unknown, hostPorts?: string) => void): unknown;
  on(event: 'error' | 'reconnecting' | 'close', listener: (what: unknown) => void): unknown;
  use(method: string, handler: InDialogListener): unknown;
  createUAC(
    uri: string,
    options: InviteOptions,
    progress: InviteProgress,
    callback: (error: unknown, dialog?: AnsweredDialog | OfferedDialog) => void,
  ): void;
  createUAS(
    request: StackRequest,
    reply: Reply,
    options: { localSdp: string; headers: Headers },
    callback: (error: unknown, dialog?: StackDialog) => void,
  ): void;
  request(
    uri: string,
    options: Content & { readonly method: string; readonly stackDialogId?: string; readonly proxy?: string },
    callback: (error: unknown, request?: SentRequest) => void,
  ): void;
  /** srf tells of what comes in the dialogs it has. */
  addDialog(dialog: StackDialog): void;
  removeDialog(dialog: StackDialog): void;
  /** The client below, which alone can stop reconnecting after a refused secret. */
  readonly app: {
    readonly client?: {
      readonly wp: EventEmitter & { closing?: boolean };
      readonly mapServer: Map<Socketlike, unknown>;
    };
  };
}

export type Socketlike = Pick<
  Socket,
  'destroy' | 'destroyed' | 'setNoDelay' | 'listeners' | 'on' | 'off' | 'cork' | 'uncork'
>;

/** A refusal of the network, as srf reports it; other errors have no status. */
export interface RefusedInvite {
  readonly status: number;
  readonly reason: string | undefined;
  readonly res: StackResponse | undefined;
}

export function refusalOf(error: unknown): RefusedInvite | undefined {
  if (!(error instanceof Error) || !('status' in error) || typeof error.status !== 'number') return undefined;
  return {
    status: error.status,
    reason: 'reason' in error && typeof error.reason === 'string' ? error.reason : undefined,
    res: 'res' in error ? (error.res as StackResponse | undefined) : undefined,
  };
}
