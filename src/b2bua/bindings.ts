import type { DeviceId } from '../coaching/device.ts';

/** Where a device can be reached, for a while (RFC 3261 10.2.1). */
export interface Contact {
  readonly uri: string;
  /** Where its REGISTER came from, or the Path it named, as a SIP URI; `undefined` when that is what `uri` says. */
  readonly route: string | undefined;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

export interface Binding extends Contact {
  readonly callId: string;
  readonly cseq: number;
  /** Milliseconds since the epoch. */
  readonly registeredAt: number;
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
    return this.of(deviceId)
      .filter(({ expiresAt }) => expiresAt > now)
      .reverse();
  }

  /** All bindings of a device, the oldest first; some may have expired. */
  of(deviceId: DeviceId): readonly Binding[] {
    return this.#bindings.get(deviceId) ?? [];
  }

  /** Takes all changes of one REGISTER or, when one is older than what is known (RFC 3261 10.3 step 7), none: `false`. */
  update(deviceId: DeviceId, { callId, cseq, contacts }: BindingRequest, now: number): boolean {
    const known = this.of(deviceId).filter(({ expiresAt }) => expiresAt > now);
    const touched = known.filter(({ uri }) => contacts.some((contact) => contact.uri === uri));
    if (touched.some((binding) => binding.callId === callId && cseq <= binding.cseq)) return false;
    const kept = known.filter((binding) => !touched.includes(binding));
    const fresh = contacts
      .filter(({ seconds }) => seconds > 0)
      .map(({ uri, seconds, route }) => {
        return { uri, route, expiresAt: now + seconds * 1000, callId, cseq, registeredAt: now };
      });
    this.#put(deviceId, [...kept, ...fresh].slice(-MOST_CONTACTS));
    return true;
  }

  /** `Contact: *`: forgets all of them, under the same condition. */
  clear(deviceId: DeviceId, { callId, cseq }: Pick<BindingRequest, 'callId' | 'cseq'>): boolean {
    const known = this.of(deviceId);
    if (known.some((binding) => binding.callId === callId && cseq <= binding.cseq)) return false;
    this.#put(deviceId, []);
    return true;
  }

  /** What somebody else has registered, or (`undefined`) taken away. */
  set(deviceId: DeviceId, uri: string, binding: Binding | undefined): void {
    const others = this.of(deviceId).filter((each) => each.uri !== uri);
    const all = binding === undefined ? others : [...others, binding];
    this.#put(
      deviceId,
      all.toSorted((a, b) => a.registeredAt - b.registeredAt),
    );
  }

  /** Forgets what has expired, and says what that was. */
  expire(now: number): Map<DeviceId, readonly Binding[]> {
    const expired = new Map<DeviceId, readonly Binding[]>();
    for (const [deviceId, bindings] of this.#bindings) {
      const over = bindings.filter(({ expiresAt }) => expiresAt <= now);
      if (over.length === 0) continue;
      expired.set(deviceId, over);
      this.#put(
        deviceId,
        bindings.filter((each) => !over.includes(each)),
      );
    }
    return expired;
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
