import { headerKey } from '../sip/header-names.ts';
import { parseDraft } from '../sip/message.ts';
import type { ControlMessage } from './control-message.ts';

/** What an application wants done with a request it does not answer itself. */
export interface ProxyOrder {
  /** The request, by its transaction's name. */
  readonly transaction: string;
  /** Stay in the path of what follows in the dialog: Record-Route, or Path for a REGISTER. */
  readonly remainInDialog: boolean;
  /** Tell of every final response; otherwise only that it was begun. */
  readonly fullResponse: boolean;
  readonly followRedirects: boolean;
  /** All destinations at once, not one after the other. */
  readonly simultaneous: boolean;
  /** How long a destination may be silent before the next is tried, in ms; undefined: as long as SIP allows. */
  readonly provisionalTimeout: number | undefined;
  readonly destinations: readonly string[];
  /** Put into the request on its way. */
  readonly headers: readonly (readonly [string, string])[];
}

/** Headers an application may not set; drachtio-server 0.9.10 leaves its version of them out. */
const untouchable = new Set(['via', 'route', 'record-route', 'rseq', 'content-length']);

/**
 * `proxy|<transaction>|remainInDialog|fullResponse|followRedirects|simultaneous|<provisional>|<final>|<uri>|…`, each
 * wish '' where it is not made, and a request whose headers are meant. drachtio-server 0.9.10 reads the final time-out
 * and does nothing with it; neither do we.
 */
export function parseProxyOrder({ args, sip }: ControlMessage): ProxyOrder {
  const [transaction = '', remain, full, follow, forking, provisional = '', , ...destinations] = args;
  return {
    transaction,
    remainInDialog: remain === 'remainInDialog',
    fullResponse: full === 'fullResponse',
    followRedirects: follow === 'followRedirects',
    simultaneous: forking === 'simultaneous',
    provisionalTimeout: readDuration(provisional),
    destinations: destinations.filter((uri) => uri !== ''),
    headers: [...parseDraft(sip).headers.withUsualSpelling().entries()].filter(
      ([name]) => !untouchable.has(headerKey(name)),
    ),
  };
}

/** `1500ms` or `2s` in ms; anything else is no limit. */
export function readDuration(text: string): number | undefined {
  const [, digits, unit] = /^(\d{1,7})(ms|s)$/.exec(text) ?? [];
  const limit = Number(digits ?? 0) * (unit === 's' ? 1000 : 1);
  return limit === 0 ? undefined : limit;
}
