import type { Device } from '../coaching/device.ts';
import type { Contact } from './bindings.ts';
import { parseSipUri } from './sip-uri.ts';

/** Where an INVITE goes. */
export interface Target {
  readonly uri: string;
  /** Where the request is sent to, when the URI says something else (a phone behind NAT). */
  readonly proxy: string | undefined;
  /** Whose phone it is; `undefined`: beyond the switch. */
  readonly device: Device | undefined;
}

/** The phones of a device: where it registered, the most recent first, else its fixed address. */
export function targetsOf(device: Device, contacts: readonly Contact[]): Target[] {
  if (contacts.length > 0) {
    return contacts.map((contact) => ({ uri: contact.uri, proxy: contact.route, device }));
  }
  return device.address === undefined ? [] : [{ uri: device.address, proxy: undefined, device }];
}

/** A number at the switch. */
export function targetAtSwitch(number: string, switchUri: string): Target {
  const { scheme, host, port, params } = parseSipUri(switchUri) ?? {
    scheme: 'sip',
    host: switchUri,
    params: new Map(),
  };
  const suffix = [...params].map(([name, value]) => (value === '' ? `;${name}` : `;${name}=${value}`)).join('');
  const user = encodeURIComponent(number).replaceAll('%2B', '+');
  return {
    uri: `${scheme}:${user}@${host}${port === undefined ? '' : `:${port}`}${suffix}`,
    proxy: undefined,
    device: undefined,
  };
}
