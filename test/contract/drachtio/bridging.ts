import type Srf from 'drachtio-srf';
import { Inbox } from './inbox.ts';
import type { Peer } from './peer.ts';

export interface Bridge {
  readonly uas: Srf.Dialog;
  readonly uac: Srf.Dialog;
}

/** Options of `createB2BUA`; those its published types miss, or have otherwise, are as the code has them. */
export interface BridgeOptions {
  readonly proxyRequestHeaders?: readonly string[];
  readonly proxyResponseHeaders?: readonly string[];
  readonly responseHeaders?: object | ((response: Srf.SrfResponse) => object);
  readonly headers?: Record<string, string>;
  readonly callingNumber?: string;
  readonly callingName?: string;
  readonly passFailure?: boolean;
  readonly passProvisionalResponses?: boolean;
  readonly localSdpA?: string | ((sdp: string) => string);
  readonly localSdpB?: string | ((sdp: string) => string);
}

/** Every INVITE is put through to `target`; what comes of it arrives in the inbox. */
export function bridge(srf: Srf, target: Peer, options: BridgeOptions = {}): Inbox<Bridge | Error> {
  const outcomes = new Inbox<Bridge | Error>();
  srf.invite((req, res) => {
    // createB2BUA writes into its options.
    const wishes = { ...options, headers: { ...options.headers } } as unknown as Srf.CreateB2BUAOptions;
    srf.createB2BUA(req, res, target.uri, wishes).then(
      (dialogs) => outcomes.put(dialogs),
      (error: unknown) => outcomes.put(error instanceof Error ? error : new Error(String(error))),
    );
  });
  return outcomes;
}

/** The two dialogs of a bridge that came up. */
export async function bridged(outcomes: Inbox<Bridge | Error>): Promise<Bridge> {
  const outcome = await outcomes.next();
  if (outcome instanceof Error) throw outcome;
  return outcome;
}
