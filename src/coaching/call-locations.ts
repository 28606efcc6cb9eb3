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

/** Which instance holds which call. The order is that in which they were announced, the same for everyone. */
export class CallLocations {
  readonly #located = new Map<CallId, LocatedCall>();
  readonly #shared: SharedMap<LocatedCall>;
  readonly #self: InstanceId;

  constructor(shared: SharedMap<LocatedCall>, self: InstanceId) {
    this.#shared = shared;
    this.#self = self;
  }

  /** `announced` is told of each call from then on, when everyone knows of it. */
  follow(announced: (located: LocatedCall) => void): void {
    this.#shared.follow((callId, located) => {
      if (located === undefined) {
        this.#located.delete(callId);
        return;
      }
      this.#located.set(callId, located);
      announced(located);
    });
  }

  announce(call: Call): void {
    this.#shared.put(call.id, { call, instanceId: this.#self, since: Date.now() });
  }

  withdraw(callId: CallId): void {
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
