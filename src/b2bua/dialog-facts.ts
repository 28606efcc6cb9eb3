import { z } from 'zod';
import { detached } from './dialog-memory.ts';
import { parseSipUri, splitList } from './sip-uri.ts';
import type { Headers, StackDialog, StackMessage } from './stack.ts';

/**
 * A dialog as RFC 3261 section 12 describes it: with this anybody can speak in it, whatever has become of the process, or of
 * the drachtio-server, that made it.
 */
export const dialogFacts = z.object({
  /** drachtio's name for it. */
  id: z.string(),
  type: z.enum(['uac', 'uas']),
  callId: z.string(),
  /** Who we are and who the phone is: From and To of our requests, each with its tag. */
  local: z.string(),
  remote: z.string(),
  /** The phone's Contact. */
  target: z.string(),
  /** The route set, the first hop first. */
  routes: z.array(z.string()),
  /** Where the phone is in truth when its Contact says something else: behind NAT. */
  proxy: z.string().optional(),
  /** Seconds between refreshes, where a session timer was agreed on (RFC 4028). */
  sessionExpires: z.number().optional(),
  /** Our Contact. */
  contact: z.string(),
});
export type DialogFacts = z.infer<typeof dialogFacts>;

/** What is to be known of a dialog that was just made. Everything is copied out of the messages, at once. */
export function factsOf(dialog: StackDialog): DialogFacts {
  const { id, type, sip, req, res } = dialog;
  const uac = type === 'uac';
  const answer = uac ? res : req;
  const parts = [
    sip.callId,
    tagged(req.get?.(uac ? 'From' : 'To') ?? '', sip.localTag),
    tagged(answer.get?.(uac ? 'To' : 'From') ?? '', sip.remoteTag),
    dialog.remote.uri ?? '',
    dialog.local.contact,
    answer.get?.('Record-Route') ?? '',
    answer.get?.('Session-Expires') ?? '',
  ];
  const [callId = '', local = '', remote = '', target = '', contact = '', recorded = '', expires = ''] = detached(
    parts.join('\n'),
  ).split('\n');
  const routes = recorded === '' ? [] : splitList(recorded);
  const sessionExpires = expires === '' ? 0 : Number.parseInt(expires, 10);
  const proxy = routes.length > 0 ? undefined : addressBehind(target, answer);
  return {
    id,
    type,
    callId,
    local,
    remote,
    target,
    routes: uac ? routes.reverse() : routes,
    ...(proxy !== undefined && { proxy }),
    ...(sessionExpires > 0 && { sessionExpires }),
    contact,
  };
}

/** Where a message came from, when it did not come from where its Contact points to. The rule is drachtio's own. */
function addressBehind(
  contact: string,
  {
    source_address: address,
    source_port: port,
    protocol,
  }: { source_address?: string; source_port?: number; protocol?: string },
): string | undefined {
  const uri = parseSipUri(contact);
  if (uri === undefined || address === undefined || uri.host === address) return undefined;
  const transport = protocol === undefined || protocol === 'udp' ? '' : `;transport=${protocol}`;
  return `sip:${address}${port === undefined ? '' : `:${port}`}${transport}`;
}

const tagged = (address: string, tag: string): string =>
  /;\s*tag=[^>]*$/i.test(address) ? address : `${address};tag=${tag}`;

/** Whether the phone of the dialog says this in it: Call-ID and both tags are its (RFC 3261 12.2.2). */
export function isIn({ callId, local, remote }: DialogFacts, request: StackMessage): boolean {
  const said = (name: string) => tagOf(request.get(name) ?? '');
  return request.get('Call-ID') === callId && said('From') === tagOf(remote) && said('To') === tagOf(local);
}

const tagOf = (address: string): string | undefined => /;\s*tag=([^;>\s]+)[^>]*$/i.exec(address)?.[1];

/** The first second that CSeqs are counted from: 2025. */
const EPOCH_S = 1_735_689_600;
let last = 0;

/**
 * A CSeq above all that drachtio may have used in a dialog that we know only from outside: it begins below 2^27 (read, and so do
 * the miniature and sofia-sip). Rises with time, by four a second, so that a later process is above an earlier one. A gap is no
 * error (RFC 3261 12.2.2), the limit is 2^31 (8.1.1.5).
 */
export function cseqFromOutside(now = Date.now()): number {
  last = Math.max(last + 1, 2 ** 28 + 4 * (Math.floor(now / 1000) - EPOCH_S));
  return last;
}

/** What makes a request outside every dialog that drachtio knows one in this dialog, as far as the phone can tell (RFC 3261 12.2.1.1). */
export function headersInDialog(facts: DialogFacts, method: string): Headers {
  const { callId, local, remote, routes, sessionExpires } = facts;
  const refresh = method === 'INVITE' && sessionExpires !== undefined;
  // drachtio, which would refresh for us, does so without the route set, and past a proxy the phone is not reached.
  const refresher = routes.length > 0 ? 'uas' : 'uac';
  return {
    From: local,
    To: remote,
    'Call-ID': callId,
    CSeq: `${cseqFromOutside()} ${method}`,
    ...routeOf(facts),
    ...(refresh && { Supported: 'timer', 'Session-Expires': `${sessionExpires};refresher=${refresher}` }),
  };
}

/** The route set, for a server that does not know it. */
export const routeOf = ({ routes }: DialogFacts): Headers => (routes.length === 0 ? {} : { Route: routes.join(', ') });
