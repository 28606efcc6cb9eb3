import { formatHostPort, parseUri } from '../sip/address.ts';
import { SipParseError } from '../sip/parse-error.ts';
import { defaultPort, type Protocol, type SipTarget, type SipTransport } from '../sip/transport.ts';

const NOT_AVAILABLE = 'requested protocol/transport not available';
const HERE = new Set(['localhost', '127.0.0.1', '::1']);

/** Where this server is reached, and what it says of itself in Contact, From and `authenticate`. */
export class LocalAddress {
  readonly host: string;
  readonly #transport: SipTransport;

  constructor(transport: SipTransport) {
    this.host = transport.host;
    this.#transport = transport;
  }

  port(protocol: Protocol): number {
    return this.#transport.port(protocol) ?? 0;
  }

  /** `tcp/127.0.0.1:5060,udp/127.0.0.1:5060`: the order of drachtio-server 0.9.10, which says `ws` for `wss` too. */
  get hostports(): string {
    const order: readonly Protocol[] = ['wss', 'ws', 'tls', 'tcp', 'udp'];
    const present = order.filter((protocol) => this.#transport.port(protocol) !== undefined);
    return present.map((protocol) => `${protocol}/${formatHostPort(this.host, this.port(protocol))}`).join(',');
  }

  /** `<sip:127.0.0.1:5060>`, `<sips:127.0.0.1:5061;transport=tls>` */
  contact(protocol: Protocol): string {
    const scheme = protocol === 'tls' || protocol === 'wss' ? 'sips' : 'sip';
    const parameter = protocol === 'udp' ? '' : `;transport=${protocol}`;
    return `<${scheme}:${formatHostPort(this.host, this.port(protocol))}${parameter}>`;
  }

  /** What keeps us in the path of a dialog (RFC 3261 16.6 step 4). */
  recordRoute(protocol: Protocol): string {
    return this.contact(protocol).replace(/>$/, ';lr>');
  }

  /** An application that does not know its address writes `localhost`: it gets ours. */
  inPlaceOfLocalhost(uri: string, protocol: Protocol): string {
    return uri.replace(/(@|:)localhost(?::\d+)?(?=$|[;?])/, `$1${formatHostPort(this.host, this.port(protocol))}`);
  }

  /** Where `uri` points. @throws SipParseError also for a transport we have no listener for. */
  reach(uri: string): SipTarget {
    const target = targetOf(uri);
    if (this.#transport.port(target.protocol) === undefined) throw new SipParseError(NOT_AVAILABLE);
    return target;
  }

  isSelf(target: SipTarget): boolean {
    const sameHost = target.address === this.host || (HERE.has(target.address) && HERE.has(this.host));
    return sameHost && target.port === this.port(target.protocol);
  }
}

/**
 * Where a URI points (RFC 3263 without DNS records: an address or a host name, its port or 5060).
 * @throws SipParseError for anything but a SIP URI, and for a transport there is not.
 */
export function targetOf(text: string): SipTarget {
  const uri = parseUri(text);
  if (uri.scheme === 'tel') throw new SipParseError(`no address in '${text}'`, 416);
  const named = uri.params.get('transport')?.toLowerCase() ?? (uri.scheme === 'sips' ? 'tls' : 'udp');
  const protocol = protocols.find((each) => each === named);
  if (protocol === undefined) throw new SipParseError(NOT_AVAILABLE);
  const address = uri.params.get('maddr') ?? uri.host;
  return { protocol, address, port: uri.port ?? defaultPort(protocol) };
}

const protocols: readonly Protocol[] = ['udp', 'tcp', 'tls', 'ws', 'wss'];
