import { formatHostPort, parseUri } from '../sip/address.ts';
import { SipParseError } from '../sip/parse-error.ts';
import type { Protocol, SipTarget, SipTransport } from '../sip/transport.ts';

const HERE = new Set(['localhost', '127.0.0.1', '::1']);

/** Where this server is reached, and what it says of itself in Contact, From and `authenticate`. */
export class LocalAddress {
  readonly host: string;
  readonly #ports: Readonly<Record<Protocol, number>>;

  constructor(transport: SipTransport) {
    this.host = transport.host;
    this.#ports = { udp: transport.udpPort, tcp: transport.tcpPort };
  }

  port(protocol: Protocol): number {
    return this.#ports[protocol];
  }

  /** `tcp/127.0.0.1:5060,udp/127.0.0.1:5060` */
  get hostports(): string {
    const { tcp, udp } = this.#ports;
    return `tcp/${formatHostPort(this.host, tcp)},udp/${formatHostPort(this.host, udp)}`;
  }

  /** `<sip:127.0.0.1:5060>` */
  contact(protocol: Protocol): string {
    return `<sip:${formatHostPort(this.host, this.port(protocol))}${protocol === 'tcp' ? ';transport=tcp' : ''}>`;
  }

  /** What keeps us in the path of a dialog (RFC 3261 16.6 step 4). */
  recordRoute(protocol: Protocol): string {
    return this.contact(protocol).replace(/>$/, ';lr>');
  }

  /** An application that does not know its address writes `localhost`: it gets ours. */
  inPlaceOfLocalhost(uri: string, protocol: Protocol): string {
    return uri.replace(/(@|:)localhost(?::\d+)?(?=$|[;?])/, `$1${formatHostPort(this.host, this.port(protocol))}`);
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
  const protocol = uri.params.get('transport')?.toLowerCase() ?? 'udp';
  if (protocol !== 'udp' && protocol !== 'tcp') throw new SipParseError('requested protocol/transport not available');
  const address = uri.params.get('maddr') ?? uri.host;
  return { protocol, address, port: uri.port ?? 5060 };
}
