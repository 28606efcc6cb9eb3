import type { CallId } from '../coaching/call.ts';
import type { DeviceId, UserId } from '../coaching/device.ts';
import { RequestError } from './status.ts';

/** The one voice environment that there is. */
const VOICE_ENVIRONMENT = '370ef5e6-7a5f-4a52-8d0e-2d1c5b7f0a11';

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/** The URIs of the API's resources, below the address at which clients reach it. */
export class Uris {
  readonly #base: () => string;

  /** `base` is asked each time: the port may be known only once somebody listens on it. */
  constructor(base: () => string) {
    this.#base = base;
  }

  device(id: DeviceId): string {
    return this.#uri(`/devices/${id}`);
  }

  user(id: UserId): string {
    return this.#uri(`/users/${id}`);
  }

  call(id: CallId): string {
    return this.#uri(`/me/calls/${id}`);
  }

  voiceEnvironment(): string {
    return this.#uri(`/voice-environments/${VOICE_ENVIRONMENT}`);
  }

  /** The device that a URI of ours, or its path alone, names. Throws `parameter-invalid` for any other URI. */
  deviceIn(parameter: string, uri: string): DeviceId {
    const base = new URL(this.#base());
    const ours = URL.canParse(uri, base.href) && sameServer(new URL(uri, base), base);
    const path = ours ? new URL(uri, base).pathname : '';
    // The path may be given as clients see it, or as it is below the address at which they reach us.
    const roots = [`${base.pathname.replace(/\/$/, '')}/api/v2/devices/`, '/api/v2/devices/'];
    const root = roots.find((candidate) => path.startsWith(candidate)) ?? path;
    const id = path.slice(root.length);
    if (!/^[\w.~-]+$/.test(id)) {
      throw new RequestError(
        'parameter-invalid',
        `${parameter} must be the URI of a device, such as ${this.device('{id}')}`,
      );
    }
    return id;
  }

  #uri(path: string): string {
    return `${this.#base()}/api/v2${path}`;
  }
}

/** The names of the loopback interface mean the same server. */
function sameServer(url: URL, base: URL): boolean {
  if (url.origin === base.origin) return true;
  const local = LOOPBACK.has(url.hostname) && LOOPBACK.has(base.hostname);
  return local && url.protocol === base.protocol && url.port === base.port;
}
