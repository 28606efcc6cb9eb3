import { type Call, type CallId, partyOf } from './call.ts';
import type { DeviceId } from './device.ts';
import type { InstanceId } from './instance.ts';
import type { SharedMap } from './shared.ts';

/** A call, and the instance that holds its legs. */
export interface LocatedCall {
  readonly call: Call;
  readonly instanceId: InstanceId;
  /** When it was established, in milliseconds since the epoch: the order of what is found in a store. */
  readonly since: number;
}

export interface LocationListener {
  /** Everyone knows of a call now. */
  announced(located: LocatedCall): void;
  /** A call of this instance is another's: it was taken for gone, and the call has an heir. */
  taken(callId: CallId): void;
}

/**
 * Which instance holds which call. The order is that in which they were announced, the same for everyone. Where two say that they
 * hold one, it belongs to whoever said so later: an heir that has taken it over keeps it. What others only took off the list is announced again.
 */
export class CallLocations {
  readonly #located = new Map<CallId, LocatedCall>();
  readonly #own = new Map<CallId, LocatedCall>();
  readonly #shared: SharedMap<LocatedCall>;
  readonly #self: InstanceId;

  constructor(shared: SharedMap<LocatedCall>, self: InstanceId) {
    this.#shared = shared;
    this.#self = self;
  }

  /** The listener is told of what there is, and of every change from then on. */
  follow(listener: LocationListener): void {
    this.#shared.follow((callId, located) => {
      if (located === undefined) this.#located.delete(callId);
      else this.#located.set(callId, located);
      const own = this.#own.get(callId);
      if (own !== undefined && located?.instanceId !== this.#self) {
        if (located === undefined || located.since < own.since) {
          this.#shared.put(callId, own);
          return;
        }
        this.#own.delete(callId);
        listener.taken(callId);
      }
      if (own === undefined && located?.instanceId === this.#self) {
        // A store that remembers an earlier time, or what was withdrawn before it was told of.
        this.#shared.remove(callId);
        return;
      }
      if (located !== undefined) listener.announced(located);
    });
  }

  announce(call: Call): void {
    const located = { call, instanceId: this.#self, since: Date.now() };
    this.#own.set(call.id, located);
    this.#shared.put(call.id, located);
  }

  withdraw(callId: CallId): void {
    this.#own.delete(callId);
    this.#shared.remove(callId);
  }

  get(callId: CallId): LocatedCall | undefined {
    return this.#located.get(callId);
  }

  heldBy(instanceId: InstanceId): LocatedCall[] {
    return [...this.#located.values()].filter((located) => located.instanceId === instanceId);
  }

  /** The agent's newest call; where `newerThan` names one that is up, only one that came after it. */
  newestOf(deviceId: DeviceId, newerThan?: CallId): LocatedCall | undefined {
    const calls = [...this.#located.values()];
    const newer = calls.slice(calls.findIndex(({ call }) => call.id === newerThan) + 1);
    return newer.findLast(({ call }) => partyOf(call, deviceId) !== undefined);
  }
}
