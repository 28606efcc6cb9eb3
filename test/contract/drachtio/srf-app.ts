import type { EventEmitter } from 'node:events';
import Srf from 'drachtio-srf';
import type { ServerUnderTest } from './server-under-test.ts';

const verbs = ['invite', 'register', 'options', 'message', 'subscribe', 'notify', 'publish', 'info', 'refer'];

/** drachtio-srf as it is, connected, asking for every verb: no request can come too early for it. */
export async function connectSrf(
  server: Pick<ServerUnderTest, 'adminPort'>,
  tags: readonly string[] = [],
): Promise<Srf> {
  const srf = new Srf([...tags]);
  const connected = new Promise<void>((resolve, reject) => {
    srf.on('connect', (error: Error | null) => {
      if (error) reject(error);
      else resolve();
    });
  });
  srf.on('error', () => undefined);
  for (const verb of verbs) handle(srf, verb, (_req, _res, next) => next?.());
  void srf.connect({ host: '127.0.0.1', port: server.adminPort, secret: 'cymru' });
  await connected;
  await roundTrip(srf);
  return srf;
}

/** Resolves when the server has done all it was asked for before: it reads one message after the other. */
export async function roundTrip(srf: Srf): Promise<void> {
  const sender = srf as unknown as { request(options: object): Promise<unknown> };
  const inNoDialog = { uri: 'sip:placeholder', method: 'INFO', stackDialogId: 'no-such-dialog' };
  await sender.request(inNoDialog).catch((error: unknown) => {
    if (!String(error).includes('unable to find dialog')) throw error;
  });
}

/** The published types of drachtio-srf 5.0.29 miss these forms, which it has. */
interface RequestOptions {
  readonly method: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly stackDialogId?: string;
}
type Handler = (req: Srf.SrfRequest, res: Srf.SrfResponse, next?: () => void) => void;

export function requestInDialog(dialog: Srf.Dialog, options: RequestOptions): Promise<Srf.SrfResponse> {
  return (dialog as unknown as { request(options: RequestOptions): Promise<Srf.SrfResponse> }).request(options);
}

/** Sends a request. @returns the status of its final response. */
export async function requestStatus(srf: Srf, uri: string, options: RequestOptions): Promise<number> {
  const sender = srf as unknown as { request(uri: string, options: RequestOptions): Promise<Srf.SrfRequest> };
  const request = await sender.request(uri, options);
  return new Promise((resolve) => {
    const emitter = request as unknown as EventEmitter<{ response: [Srf.SrfResponse] }>;
    emitter.on('response', ({ status }) => {
      if (status >= 200) resolve(status);
    });
  });
}

/** BYE. Resolves when it is answered. */
export const hangUp = (dialog: Srf.Dialog): Promise<unknown> =>
  (dialog as unknown as { destroy(): Promise<unknown> }).destroy();

export function handle(srf: Srf, method: string, handler: Handler): void {
  (srf as unknown as Record<string, (handler: Handler) => void>)[method.toLowerCase()]?.(handler);
}

/** Sends 183 with `Require: 100rel`; `acknowledged` is called when its PRACK has come. */
export function sendReliably(res: Srf.SrfResponse, body: string, acknowledged: () => void): void {
  const sender = res as unknown as { send(status: number, parts: object, done: undefined, prack: () => void): void };
  sender.send(183, { headers: { Require: '100rel' }, body }, undefined, acknowledged);
}

/** What comes in a dialog; its published types know only some of the events. */
export function onRequest(dialog: Srf.Dialog, event: string, handler: Handler): void {
  (dialog as unknown as EventEmitter).on(event, handler);
}
