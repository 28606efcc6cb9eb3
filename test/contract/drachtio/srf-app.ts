import type { EventEmitter } from 'node:events';
import Srf from 'drachtio-srf';
import type { ServerUnderTest } from './server-under-test.ts';

/** drachtio-srf as it is, connected. */
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
  void srf.connect({ host: '127.0.0.1', port: server.adminPort, secret: 'cymru' });
  await connected;
  return srf;
}

/** The published types of drachtio-srf 5.0.29 miss these forms, which it has. */
interface RequestOptions {
  readonly method: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly stackDialogId?: string;
}
type Handler = (req: Srf.SrfRequest, res: Srf.SrfResponse) => void;

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
