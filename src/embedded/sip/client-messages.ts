import { formatVia, parseCSeq } from './address.ts';
import { SipHeaders } from './headers.ts';
import type { SipRequest, SipResponse } from './message.ts';
import type { SipTarget, SipTransport } from './transport.ts';

/** `request` with our Via on top (RFC 3261 8.1.1.7; rport: RFC 3581 3). The default port is not written. */
export function withVia(request: SipRequest, transport: SipTransport, target: SipTarget, branch: string): SipRequest {
  const headers = request.headers.clone();
  headers.prepend('Via', ownVia(transport, target, branch));
  return { ...request, headers };
}

export function ownVia(transport: SipTransport, target: SipTarget, branch: string): string {
  const port = transport.port(target.protocol) ?? transport.udpPort;
  return formatVia({
    transport: target.protocol.toUpperCase(),
    host: transport.host,
    ...(port === 5060 ? {} : { port }),
    params: new Map([
      ['rport', ''],
      ['branch', branch],
    ]),
  });
}

/** The ACK that belongs to a non-2xx final response: same branch, To of the response (RFC 3261 17.1.1.3). */
export function ackTo(request: SipRequest, response: SipResponse): SipRequest {
  return companion(request, 'ACK', response.headers.get('to') ?? '');
}

/** The CANCEL of a pending request (RFC 3261 9.1), with further headers, a Reason say. */
export function cancelOf(request: SipRequest, extra: readonly (readonly [string, string])[] = []): SipRequest {
  const cancel = companion(request, 'CANCEL', request.headers.get('to') ?? '');
  for (const [name, value] of extra) if (!cancel.headers.has(name)) cancel.headers.append(name, value);
  return cancel;
}

function companion(request: SipRequest, method: 'ACK' | 'CANCEL', to: string): SipRequest {
  const { headers } = request;
  const { number } = parseCSeq(headers.get('cseq') ?? '');
  const companion = SipHeaders.from({ Via: headers.get('via') ?? '', 'Max-Forwards': '70' });
  for (const route of headers.getAll('route')) companion.append('Route', route);
  companion.append('From', headers.get('from') ?? '');
  companion.append('To', to);
  companion.append('Call-ID', headers.get('call-id') ?? '');
  companion.append('CSeq', `${number} ${method}`);
  return { kind: 'request', method, uri: request.uri, headers: companion, body: '' };
}
