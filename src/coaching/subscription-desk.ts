import { type Call, type CallId, parties, partyOf } from './call.ts';
import { CallLocations, type LocatedCall } from './call-locations.ts';
import type { DeviceId } from './device.ts';
import { EarpieceError } from './errors.ts';
import type { InstanceId } from './instance.ts';
import type { LiveCall } from './live-call.ts';
import type { MonitoringEffect, MonitoringEvent } from './monitoring.ts';
import type { Directory, Events } from './ports.ts';
import { Serial } from './serial.ts';
import type { MonitoringStore, SharedMap, Siblings, TakenStep } from './shared.ts';
import { Subscriptions } from './subscriptions.ts';
import type { SupervisionDesk } from './supervision-desk.ts';

/** What all instances share, or what is kept over a restart. */
export interface SharedState {
  readonly monitorings: MonitoringStore;
  readonly calls: SharedMap<LocatedCall>;
  readonly siblings: Siblings;
}

export interface SubscriptionDeskPorts {
  readonly store: SharedState;
  readonly directory: Directory;
  readonly events: Events;
  /** The calls that this instance holds. */
  readonly calls: ReadonlyMap<CallId, LiveCall>;
  /** Another instance holds the call now: this one lets go of it. */
  readonly callTaken: (callId: CallId) => void;
  readonly supervisions: Pick<SupervisionDesk, 'bringIn' | 'in' | 'leave' | 'liveOf' | 'switchTo'>;
}

/** Brings subscriptions and calls together, each in the instance that holds the call. */
export class SubscriptionDesk {
  readonly subscriptions: Subscriptions;
  readonly locations: CallLocations;
  readonly #ports: SubscriptionDeskPorts;
  readonly #intrusion: boolean;
  /** Subscriptions change one at a time: who holds an agent's device is decided once. */
  readonly #changes = new Serial();

  constructor(ports: SubscriptionDeskPorts, { intrusion }: { readonly intrusion: boolean }) {
    this.#ports = ports;
    this.#intrusion = intrusion;
    this.subscriptions = new Subscriptions(ports.store.monitorings);
    this.locations = new CallLocations(ports.store.calls, this.self);
  }

  get self(): InstanceId {
    return this.#ports.store.siblings.self;
  }

  /** Learns what the store has kept, and what others have stored. */
  start(): void {
    this.subscriptions.follow((step) => this.#stepTaken(step));
    this.locations.follow({
      announced: (located) => this.#callAnnounced(located),
      taken: (callId) => this.#ports.callTaken(callId),
    });
    this.#ports.store.siblings.follow({
      lost: (instanceId) => this.#instanceLost(instanceId),
      reunited: () => this.#reunited(),
    });
  }

  /** Resolves when every change that was asked for so far is stored, or could not be. */
  settled(): Promise<void> {
    return this.#changes.idle();
  }

  /** A change that somebody waits for. */
  change(change: () => Promise<void>): Promise<void> {
    return this.#changes.run(change);
  }

  /** A step that follows by itself; never rejects. */
  advance(supervisorDeviceId: DeviceId, event: MonitoringEvent): Promise<void> {
    return this.#later(supervisorDeviceId, () => this.subscriptions.step(supervisorDeviceId, event));
  }

  /** Offers a call of ours to a supervisor; one that is busy, or monitors nobody any more, takes no notice. */
  offer(supervisorDeviceId: DeviceId, callId: CallId): Promise<void> {
    return this.#later(supervisorDeviceId, () => this.#offer(supervisorDeviceId, callId));
  }

  /** Carries out what concerns this instance. Who took the step says so and joins; the supervisor may be at anyone's desk. */
  #stepTaken({ supervisorDeviceId, effects, by }: TakenStep): void {
    for (const effect of effects) {
      switch (effect.type) {
        case 'changed':
          if (by === this.self) this.#tellMonitoring(supervisorDeviceId);
          this.#adopt(supervisorDeviceId);
          break;
        case 'join':
          if (by === this.self) this.#join(effect);
          break;
        case 'seek':
          this.#seek(supervisorDeviceId, effect.newerThan);
          break;
        case 'switch':
          this.#ports.supervisions.switchTo(effect.supervisionId, effect.operation);
          break;
        case 'leave':
          this.#ports.supervisions.leave(effect.supervisionId);
          break;
      }
    }
  }

  #tellMonitoring(supervisorDeviceId: DeviceId): void {
    const monitoring = this.subscriptions.monitoringOf(supervisorDeviceId);
    this.#ports.events.publish({ type: 'monitoring.changed', supervisorDeviceId, monitoring });
  }

  /** Nobody waits for what follows by itself; a failure is told. */
  async #later(supervisorDeviceId: DeviceId, change: () => Promise<void>): Promise<void> {
    try {
      await this.#changes.run(change);
    } catch (error) {
      const { message } = EarpieceError.from(error);
      this.#ports.events.publish({ type: 'monitoring.failed', supervisorDeviceId, reason: message });
    }
  }

  /** Whoever holds the agent's newest call offers it: everyone looks, and one finds that it is the one. */
  #seek(supervisorDeviceId: DeviceId, newerThan: CallId | undefined): void {
    void this.#later(supervisorDeviceId, async () => {
      const state = this.subscriptions.of(supervisorDeviceId);
      if (state.is !== 'armed') return;
      const newest = this.locations.newestOf(state.monitoring.targetDeviceId, newerThan);
      if (newest !== undefined && this.#ports.calls.has(newest.call.id))
        await this.#offer(supervisorDeviceId, newest.call.id);
    });
  }

  #offer(supervisorDeviceId: DeviceId, callId: CallId): Promise<void> {
    const session = { callId, supervisionId: crypto.randomUUID(), instanceId: this.self };
    return this.subscriptions.step(supervisorDeviceId, { type: 'call-available', ...session });
  }

  /** A call of ours is offered when everyone knows of it: then no subscription can have missed it that this instance has not heard of. */
  #callAnnounced({ call, instanceId }: LocatedCall): void {
    if (instanceId === this.self && this.#ports.calls.has(call.id)) this.#offerToMonitors(call);
  }

  #offerToMonitors(call: Call): void {
    for (const { deviceId } of parties(call)) {
      const monitors = deviceId === undefined ? [] : this.subscriptions.aimedAt(deviceId);
      for (const { monitoring } of monitors) {
        void this.offer(monitoring.supervisorDeviceId, call.id);
      }
    }
  }

  /**
   * A supervisor that stayed in a call when its subscription ended, and now subscribes again: to the same agent, it goes on with
   * the new operation; to another, it leaves.
   */
  #adopt(supervisorDeviceId: DeviceId): void {
    if (this.#ports.supervisions.liveOf(supervisorDeviceId) === undefined) return;
    void this.#later(supervisorDeviceId, async () => {
      const live = this.#ports.supervisions.liveOf(supervisorDeviceId);
      const state = this.subscriptions.of(supervisorDeviceId);
      if (live === undefined || state.is !== 'armed') return;
      if (live.agentDeviceId !== state.monitoring.targetDeviceId) {
        this.#ports.supervisions.leave(live.id);
        return;
      }
      const session = { supervisionId: live.id, callId: live.callId, instanceId: this.self };
      await this.subscriptions.step(supervisorDeviceId, { type: 'adopted', ...session });
    });
  }

  #join({ callId, supervisionId, monitoring }: Extract<MonitoringEffect, { type: 'join' }>): void {
    const live = this.#ports.calls.get(callId);
    const agent = live && partyOf(live.call, monitoring.targetDeviceId);
    const device = this.#ports.directory.device(monitoring.supervisorDeviceId);
    if (live === undefined || agent === undefined || device === undefined) {
      void this.advance(monitoring.supervisorDeviceId, {
        type: 'session-ended',
        supervisionId,
        callOver: true,
        failed: false,
      });
      return;
    }
    this.#ports.supervisions.bringIn(supervisionId, live, agent, monitoring, device);
  }

  /** What the instance held is over: its supervisors are free again, its calls are gone. */
  async #instanceLost(instanceId: InstanceId): Promise<void> {
    const { events } = this.#ports;
    const busy = this.subscriptions.busyAt(instanceId);
    const lost = busy.map(({ supervisionId, callId, monitoring }) => {
      const call = this.locations.get(callId)?.call;
      const { supervisorDeviceId, targetDeviceId: agentDeviceId, operation } = monitoring;
      const agentLegId = call && partyOf(call, agentDeviceId)?.legId;
      if (agentLegId !== undefined) {
        const end = { outcome: 'failed', code: 'unavailable', message: 'whoever held the call is gone' } as const;
        const state = { is: 'ended', end } as const;
        const supervision = {
          id: supervisionId,
          callId,
          supervisorDeviceId,
          agentDeviceId,
          agentLegId,
          operation,
          state,
        };
        events.publish({ type: 'supervision.ended', supervision });
      }
      return { supervisorDeviceId, supervisionId };
    });
    for (const { call } of this.locations.heldBy(instanceId)) {
      this.locations.withdraw(call.id);
      events.publish({ type: 'call.ended', call });
    }
    await Promise.all(
      lost.map(({ supervisorDeviceId, supervisionId }) =>
        this.advance(supervisorDeviceId, { type: 'session-lost', supervisionId }),
      ),
    );
  }

  /** Tells the store how it really stands with the supervisors at this desk, and offers them what calls there are. */
  #reunited(): void {
    const live = [...this.#ports.calls.keys()].flatMap((callId) => this.#ports.supervisions.in(callId));
    for (const { supervisionId, monitoring, callId } of this.subscriptions.busyAt(this.self)) {
      const supervision = live.find(({ id }) => id === supervisionId);
      const callOver = !this.#ports.calls.has(callId);
      if (supervision === undefined) {
        void this.advance(monitoring.supervisorDeviceId, {
          type: 'session-ended',
          supervisionId,
          callOver,
          failed: false,
        });
      } else if (supervision.state.is === 'active') {
        void this.advance(monitoring.supervisorDeviceId, { type: 'joined', supervisionId });
      }
    }
    if (!this.#intrusion) return;
    for (const { monitoring } of this.subscriptions.armed()) this.#seek(monitoring.supervisorDeviceId, undefined);
  }
}
