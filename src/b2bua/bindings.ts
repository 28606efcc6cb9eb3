import type { DeviceId } from '../coaching/device.ts';

/** Where a device can be reached, for a while (RFC 3261 10.2.1). */
export interface Contact {
  readonly uri: string;
  /** Where its REGISTER came from, or the Path it named, as a SIP URI; `undefined` when that is what `uri` says. */
  readonly route: string | undefined;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

interface Binding extends Contact {
  readonly callId: string;
  readonly cseq: number;
}

export interface BindingRequest {
  readonly callId: string;
  readonly cseq: number;
  /** `seconds` 0 removes the binding. */
  readonly contacts: readonly { readonly uri: string; readonly seconds: number; readonly route: string | undefined }[];
}

/** So many phones may share one number; the oldest makes room. */
const MOST_CONTACTS = 10;

/** Who registered where. Time comes from outside, in milliseconds since the epoch. */
export class Bindings {
  readonly #bindings = new Map<DeviceId, readonly Binding[]>();

  /** The contacts that are valid, the most recent first. */
  contacts(deviceId: DeviceId, now: number): Contact[] {
    return (this.#bindings.get(deviceId) ?? []).filter(({ expiresAt }) => expiresAt > now).reverse();
  }

  /** Takes all changes of one REGISTER or, when one is older than what is known (RFC 3261 10.3 step 7), none: `false`. */
  update(deviceId: DeviceId, { callId, cseq, contacts }: BindingRequest, now: number): boolean {
    const known = (this.#bindings.get(deviceId) ?? []).filter(({ expiresAt }) => expiresAt > now);
    const touched = known.filter(({ uri }) => contacts.some((contact) => contact.uri === uri));
    if (touched.some((binding) => binding.callId === callId && cseq <= binding.cseq)) return false;
    const kept = known.filter((binding) => !touched.includes(binding));
    const fresh = contacts
      .filter(({ seconds }) => seconds > 0)
      .map(({ uri, seconds, route }) => ({ uri, route, expiresAt: now + seconds * 1000, callId, cseq }));
    this.#put(deviceId, [...kept, ...fresh].slice(-MOST_CONTACTS));
    return true;
  }

  /** `Contact: *`: forgets all of them, under the same condition. */
  clear(deviceId: DeviceId, { callId, cseq }: Pick<BindingRequest, 'callId' | 'cseq'>): boolean {
    const known = this.#bindings.get(deviceId) ?? [];
    if (known.some((binding) => binding.callId === callId && cseq <= binding.cseq)) return false;
    this.#put(deviceId, []);
    return true;
  }

  /** Forgets what has expired; says which devices have no contact any more. */
  expire(now: number): DeviceId[] {
    const gone: DeviceId[] = [];
    for (const [deviceId, bindings] of this.#bindings) {
      const valid = bindings.filter(({ expiresAt }) => expiresAt > now);
      this.#put(deviceId, valid);
      if (valid.length === 0) gone.push(deviceId);
    }
    return gone;
  }

  /** When the next binding expires. */
  get nextExpiry(): number | undefined {
    const times = [...this.#bindings.values()].flat().map(({ expiresAt }) => expiresAt);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  #put(deviceId: DeviceId, bindings: readonly Binding[]): void {
    if (bindings.length === 0) this.#bindings.delete(deviceId);
    else this.#bindings.set(deviceId, bindings);
  }
}
