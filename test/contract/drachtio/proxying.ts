import type Srf from 'drachtio-srf';
import type { SipResponse } from '../../../src/embedded/sip/message.ts';
import { CallerDialog, type Peer, type SentRequest } from './peer.ts';

/** What drachtio-srf makes of `proxy|…` frames; its published types miss it. */
export interface ProxyResult {
  readonly connected: boolean;
  readonly finalStatus?: number;
  readonly responses: readonly { readonly port: number; readonly msgs: readonly { readonly status: number }[] }[];
}

interface ProxyOptions {
  readonly remainInDialog?: boolean;
  readonly followRedirects?: boolean;
  readonly forking?: 'sequential' | 'simultaneous';
  readonly provisionalTimeout?: string;
  readonly headers?: Record<string, string>;
}

export function proxyRequest(
  srf: Srf,
  req: Srf.SrfRequest,
  destination: string | string[],
  options: ProxyOptions = {},
): Promise<ProxyResult> {
  const proxy = srf as unknown as {
    proxyRequest(req: Srf.SrfRequest, to: string | string[], options: ProxyOptions): Promise<ProxyResult>;
  };
  return proxy.proxyRequest(req, destination, options);
}

/** Every INVITE is proxied; the results, or the reason why not, come as promises. */
export function proxyInvites(
  srf: Srf,
  destination: string | string[],
  options: ProxyOptions = {},
): Promise<ProxyResult> {
  return new Promise((resolve, reject) => {
    srf.invite((req) => {
      proxyRequest(srf, req, destination, options).then(resolve, (reason: unknown) => {
        reject(reason instanceof Error ? reason : new Error(String(reason)));
      });
    });
  });
}

/** The caller's dialog after the answer to a proxied call, its requests routed through the proxy. */
export function routedDialog(caller: Peer, sent: SentRequest, answer: SipResponse): CallerDialog {
  const route = answer.headers.getAll('record-route').reverse().join(', ');
  return new CallerDialog(caller, sent.request, answer, route === '' ? {} : { Route: route });
}
