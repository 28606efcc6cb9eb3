import { parseNameAddr, parseUri, splitList } from '../sip/address.ts';
import type { SipHeaders } from '../sip/headers.ts';
import type { SipRequest, SipResponse } from '../sip/message.ts';
import { SipParseError } from '../sip/parse-error.ts';
import { targetOf, type LocalAddress } from './local-address.ts';
import type { ProxyOrder } from './proxy-order.ts';

/** Hops a request may still take; undefined: it did not say (RFC 3261 16.3 step 3). */
export function hopsLeft({ headers }: SipRequest): number | undefined {
  const value = headers.get('max-forwards');
  return value === undefined ? undefined : Number(/^\d{1,3}$/.exec(value.trim())?.[0] ?? 0);
}

/** A copy of a request on its way to `destination` (RFC 3261 16.6), without our Via. */
export function forwarded(
  request: SipRequest,
  order: ProxyOrder,
  destination: string,
  local: LocalAddress,
): SipRequest {
  const headers = withoutFirst(request.headers, 'route');
  headers.set('Max-Forwards', String((hopsLeft(request) ?? 71) - 1));
  if (order.remainInDialog) {
    const us = local.recordRoute(targetOf(destination).protocol);
    if (request.method === 'REGISTER') {
      // RFC 3327 5.1: the registrar has to understand that requests for this phone come by way of us.
      headers.prepend('Path', us);
      headers.append('Require', 'path');
    } else headers.prepend('Record-Route', us);
  }
  for (const [name, value] of order.headers) headers.set(name, value);
  // Measured on drachtio-server 0.9.10: a request-URI that names someone else stays, wherever the request is sent.
  return { ...request, uri: namesUs(request.uri, local) ? destination : request.uri, headers };
}

/** A request of a dialog we stayed in the path of: without the Route that led here, one hop older. */
export function relayed(request: SipRequest): SipRequest {
  const headers = withoutFirst(request.headers, 'route');
  headers.set('Max-Forwards', String((hopsLeft(request) ?? 71) - 1));
  return { ...request, headers };
}

/** Whether the first Route of a request in a dialog is the Record-Route we once wrote. */
export function isRoutedByUs({ headers }: SipRequest, local: LocalAddress): boolean {
  const route = headers.get('route');
  if (route === undefined) return false;
  const { uri } = parseNameAddr(splitList(route)[0] ?? '');
  return parseUri(uri).params.has('lr') && local.isSelf(targetOf(uri));
}

/** Where a request without the Route to us goes next. @throws SipParseError when that is no SIP address. */
export function nextHopOf({ headers, uri }: SipRequest): string {
  const route = headers.get('route');
  return route === undefined ? uri : parseNameAddr(splitList(route)[0] ?? '').uri;
}

/** Where a 3xx sends the caller (RFC 3261 8.1.3.4). */
export const redirectTargets = ({ headers }: SipResponse): string[] =>
  headers
    .getAll('contact')
    .flatMap(splitList)
    .map((contact) => parseNameAddr(contact).uri);

/** The response as it goes on towards the caller: without our Via (RFC 3261 16.7 step 3). */
export function returned(response: SipResponse): SipResponse {
  return { ...response, headers: withoutFirst(response.headers, 'via') };
}

/** A copy without the first value of `name`, whether values stand one to a line or in a list. */
function withoutFirst(headers: SipHeaders, name: string): SipHeaders {
  const copy = headers.clone();
  const [first, ...lines] = copy.getAll(name);
  if (first === undefined) return copy;
  const others = splitList(first).slice(1);
  copy.set(name, others.length === 0 ? lines : [others.join(', '), ...lines]);
  return copy;
}

function namesUs(uri: string, local: LocalAddress): boolean {
  try {
    return local.isSelf(targetOf(uri));
  } catch (error) {
    // A tel URI names nobody's address.
    if (error instanceof SipParseError) return false;
    throw error;
  }
}
