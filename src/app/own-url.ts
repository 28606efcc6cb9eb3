import { isIPv6 } from 'node:net';
import type { AddressInfo } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';

const WILDCARDS: readonly string[] = ['0.0.0.0', '::'];

/** Where other machines reach what listens there: for a wildcard an address of this machine, or its name where it has none. */
export function urlOf({ address, port }: AddressInfo): string {
  const host = WILDCARDS.includes(address) ? (ownAddress() ?? hostname()) : address;
  return `http://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

function ownAddress(): string | undefined {
  const outward = Object.values(networkInterfaces()).flatMap((all = []) => all.filter(({ internal }) => !internal));
  // Link-local addresses of IPv6 mean nothing without the name of an interface.
  const found = outward.find(({ family }) => family === 'IPv4') ?? outward.find(({ scopeid }) => scopeid === 0);
  return found?.address;
}
