import { BlockList, isIPv6 } from 'node:net';

/** Addresses that belong to the switch: `10.0.0.7`, `10.0.0.7:5060`, `10.0.0.0/24`, `2001:db8::/32`, `[2001:db8::7]:5060`. */
export class Sources {
  readonly #entries: readonly { readonly port: number | undefined; readonly network: BlockList }[];

  /** Throws a RangeError on an address that is none. */
  constructor(addresses: readonly string[]) {
    this.#entries = addresses.map(entry);
  }

  has(address: string, port: number): boolean {
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    return this.#entries.some((each) => (each.port ?? port) === port && each.network.check(address, family));
  }
}

function entry(text: string): { port: number | undefined; network: BlockList } {
  const bracketed = /^\[([\da-f:.]+)\](?::(\d+))?$/i.exec(text);
  const plain = /^([\d.]+)(?:\/(\d+))?(?::(\d+))?$/.exec(text) ?? /^([\da-f:.]+)(?:\/(\d+))?$/i.exec(text);
  const [address, prefix, port] = bracketed
    ? [bracketed[1], undefined, bracketed[2]]
    : [plain?.[1], plain?.[2], plain?.[3]];
  if (address === undefined) throw new RangeError(`${text} is no address or network`);
  const network = new BlockList();
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  try {
    if (prefix === undefined) network.addAddress(address, family);
    else network.addSubnet(address, Number(prefix), family);
  } catch (cause) {
    throw new RangeError(`${text} is no address or network`, { cause });
  }
  return { port: port === undefined ? undefined : Number(port), network };
}
