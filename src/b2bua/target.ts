import type { Device } from '../coaching/device.ts';
import type { Contact } from './bindings.ts';
import type { B2buaOptions } from './options.ts';
import { parseSipUri } from './sip-uri.ts';

type Switch = Pick<B2buaOptions['switch'], 'uri' | 'auth'>;

/** Where an INVITE goes. */
export interface Target {
  readonly uri: string;
  /** Where the request is sent to, when the URI says something else (a phone behind NAT). */
  readonly proxy: string | undefined;
  /** Whose phone it is; `undefined`: beyond the switch. */
  readonly device: Device | undefined;
  /** What we say when it asks for a password: the switch may. */
  readonly auth: { readonly username: string; readonly password: string } | undefined;
}

/** The phones of a device: where it registered, the most recent first, else its fixed address. */
export function targetsOf(device: Device, contacts: readonly Contact[], trunk: Switch): Target[] {
  if (contacts.length > 0) {
    return contacts.map((contact) => ({ uri: contact.uri, proxy: contact.route, device, auth: undefined }));
  }
  const { address: uri } = device;
  if (uri === undefined) return [];
  return [{ uri, proxy: undefined, device, auth: isAtSwitch(uri, trunk) ? trunk.auth : undefined }];
}

/** A number at the switch. */
export function targetAtSwitch(number: string, switchUri: string, auth: Target['auth']): Target {
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
    auth,
  };
}

/** Nobody but the switch hears our password, or a digest of it. */
function isAtSwitch(uri: string, trunk: Switch): boolean {
  const [asked, at] = [parseSipUri(uri), parseSipUri(trunk.uri ?? '')];
  return at !== undefined && asked?.host === at.host && asked.port === at.port;
}
