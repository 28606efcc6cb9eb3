import { Anchorage } from './anchorage.ts';
import { type Call, type CallId, parties, partyOf } from './call.ts';
import { CallLocations, type LocatedCall } from './call-locations.ts';
import type { Device, DeviceId } from './device.ts';
import { EarpieceError } from './errors.ts';
import type { InstanceId } from './instance.ts';
import type { LegId, Sdp } from './leg.ts';
import { LiveCall } from './live-call.ts';
import { MissedCalls } from './missed-calls.ts';
import type { Monitoring, MonitoringEffect, MonitoringEvent } from './monitoring.ts';
import type { Arrival, CallControl, Directory, Events, MediaServers, Routing, Signalling } from './ports.ts';
import { type Clock, Turnstile } from './recovery.ts';
import { Serial } from './serial.ts';
import type { MonitoringStore, SharedMap, Siblings, TakenStep } from './shared.ts';
import { alreadyMonitored, Subscriptions } from './subscriptions.ts';
import type { Supervision } from './supervision.ts';
import { SupervisionDesk } from './supervision-desk.ts';

export interface SwitchboardPorts {
  readonly directory: Directory;
  readonly signalling: Signalling;
  readonly media: MediaServers;
  readonly store: SwitchboardStore;
  readonly events: Events;
  readonly clock: Clock;
}

/** What all instances share, or what is kept over a restart. */
export interface SwitchboardStore {
  readonly monitorings: MonitoringStore;
  readonly calls: SharedMap<LocatedCall>;
  readonly siblings: Siblings;
}

export interface Policy {
  /** Whether a request joins the call the agent is in already. */
  readonly intrusion: boolean;
  /** Whether several supervisors may hold one agent's device. */
  readonly severalSupervisors: boolean;
  /** Whether calls are anchored from their beginning, so that a supervisor joins without a re-INVITE. */
  readonly alwaysAnchored: boolean;
}

/** A device as the control plane shows it. */
export interface DeviceView {
  readonly device: Device;
  readonly active: boolean;
  readonly monitoring: Monitoring | undefined;
}

/** A call as the control plane shows it. */
export interface CallView {
  readonly call: Call;
  readonly anchored: boolean;
  readonly supervisions: readonly Supervision[];
}

/** The use cases. Everything the control plane and the B2BUA ask of the core goes through here. */
export class Switchboard implements CallControl {
  readonly #ports: SwitchboardPorts;
  readonly #policy: Policy;
  readonly #calls = new Map<CallId, LiveCall>();
  readonly #subscriptions: Subscriptions;
  readonly #locations: CallLocations;
  readonly #desk: SupervisionDesk;
  readonly #turnstile: Turnstile;
  readonly #anchorage: Anchorage;
  readonly #missed = new MissedCalls();
  /** Subscriptions change one at a time: who holds an agent's device is decided once. */
  readonly #changes = new Serial();

  constructor(ports: SwitchboardPorts, policy: Policy) {
    this.#ports = ports;
    this.#policy = policy;
    this.#subscriptions = new Subscriptions(ports.store.monitorings);
    this.#locations = new CallLocations(ports.store.calls, this.#self);
    this.#turnstile = new Turnstile(ports.clock);
    this.#anchorage = new Anchorage(ports, this.#turnstile);
    this.#desk = new SupervisionDesk(ports, this.#turnstile, {
      joined: ({ id, supervisorDeviceId }) =>
        void this.#advance(supervisorDeviceId, { type: 'joined', supervisionId: id }),
      ended: (supervision) => this.#supervisionEnded(supervision),
    });
  }

  /** Learns what the store has kept, and what others have stored. Call this once, when everything else is there. */
  start(): void {
    const { siblings } = this.#ports.store;
    this.#subscriptions.follow((step) => this.#stepTaken(step));
    this.#locations.follow((located) => this.#callAnnounced(located));
    siblings.follow({ lost: (instanceId) => this.#instanceLost(instanceId), reunited: () => this.#reunited() });
  }

  /** Resolves when every change that was asked for so far is stored, or could not be. */
  settled(): Promise<void> {
    return this.#changes.idle();
  }

  // ── the control plane ────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Sets a supervisor's device to monitor another. Resolves when the subscription is stored and announced; joining a
   * call, here or where it is held, follows by itself. Throws `not-found`, `invalid-request`, `already-monitored`; `unavailable` when
   * the supervisor had to join a call of ours now and there is no media server. Whoever waits for a next call is served by whatever
   * server there is by then.
   */
  monitor(monitoring: Monitoring): Promise<void> {
    return this.#changes.run(async () => {
      this.#assertAllowed(monitoring);
      const { intrusion, severalSupervisors } = this.#policy;
      if (intrusion) this.#assertJoinable(monitoring);
      const event = { type: 'requested' as const, monitoring, intrusion };
      await this.#subscriptions.step(monitoring.supervisorDeviceId, event, { exclusive: !severalSupervisors });
    });
  }

  /** Ends a subscription; its supervisor leaves the call unless `leaveCall` is false. Throws `invalid-state` when there is none. */
  cancelMonitoring(supervisorDeviceId: DeviceId, { leaveCall }: { leaveCall: boolean }): Promise<void> {
    return this.#changes.run(async () => {
      this.#deviceOrThrow(supervisorDeviceId);
      if (this.#subscriptions.of(supervisorDeviceId).is === 'none') {
        throw new EarpieceError('invalid-state', 'no supervisor monitoring is active on this device');
      }
      await this.#subscriptions.step(supervisorDeviceId, { type: 'cancelled', leaveCall });
    });
  }

  /** Throws `not-found`. */
  device(id: DeviceId): DeviceView {
    const device = this.#deviceOrThrow(id);
    const active = this.#ports.directory.isActive(id);
    return { device, active, monitoring: this.#subscriptions.monitoringOf(id) };
  }

  /** Whether a supervisor other than this one holds the device. */
  heldByAnother(targetDeviceId: DeviceId, supervisorDeviceId: DeviceId): boolean {
    return this.#subscriptions
      .aimedAt(targetDeviceId)
      .some(({ monitoring }) => monitoring.supervisorDeviceId !== supervisorDeviceId);
  }

  /** The call, whichever instance holds it. */
  call(id: CallId): Call | undefined {
    return this.#calls.get(id)?.call ?? this.#locations.get(id)?.call;
  }

  /** The calls that this instance holds. */
  calls(): CallView[] {
    return [...this.#calls.values()].map((live) => ({
      call: live.call,
      anchored: live.anchored,
      supervisions: this.#desk.in(live.call.id),
    }));
  }

  // ── the B2BUA ────────────────────────────────────────────────────────────────────────────────────────────────────

  callArrived({ from, dialled }: Arrival): Routing {
    const device = this.#ports.directory.deviceByNumber(dialled);
    if (device === undefined) {
      if (from === 'switch') return { to: 'nowhere', code: 'not-found', reason: 'no device has this number' };
      return { to: 'switch' };
    }
    if (!this.#ports.directory.isActive(device.id)) {
      return { to: 'nowhere', code: 'unavailable', reason: 'the device is not registered' };
    }
    return { to: 'device', device };
  }

  callEstablished(call: Call): void {
    const { events } = this.#ports;
    const live = new LiveCall(call, this.#ports, {
      roomOpened: () => events.publish({ type: 'room.opened', callId: call.id }),
      roomReleased: () => events.publish({ type: 'room.released', callId: call.id }),
      roomLost: (reason) => {
        events.publish({ type: 'room.lost', callId: call.id, reason });
        this.#desk.roomLost(call.id, reason);
        if (this.#policy.alwaysAnchored) void this.#anchorage.takeAgain(live);
      },
      reconnectFailed: ({ message }) => {
        if (this.#calls.has(call.id)) events.publish({ type: 'call.degraded', call, reason: message });
      },
    });
    this.#calls.set(call.id, live);
    events.publish({ type: 'call.established', call });
    if (this.#policy.alwaysAnchored) void this.#anchorage.take(live);
    this.#locations.announce(call);
  }

  async offerReceived(callId: CallId, legId: LegId, offer: Sdp, withdrawn?: AbortSignal): Promise<Sdp> {
    return this.#liveOrThrow(callId).offerReceived(legId, offer, withdrawn);
  }

  connectedDirectly(callId: CallId): void {
    void this.#calls.get(callId)?.connectedDirectly();
  }

  callEnded(callId: CallId): void {
    const live = this.#calls.get(callId);
    if (live === undefined) return;
    this.#calls.delete(callId);
    this.#missed.forget(callId);
    this.#locations.withdraw(callId);
    this.#desk.endAll(callId, { outcome: 'call-ended' });
    void live.end();
    this.#ports.events.publish({ type: 'call.ended', call: live.call });
  }

  supervisorLegEnded(legId: LegId): void {
    this.#desk.legEnded(legId);
  }

  async supervisorOffer(legId: LegId, offer: Sdp): Promise<Sdp> {
    const supervision = this.#desk.byLeg(legId);
    if (supervision === undefined) throw new EarpieceError('not-found', 'this leg is in no call');
    return this.#liveOrThrow(supervision.callId).supervisorOffer(supervision.id, offer);
  }

  registrationChanged(deviceId: DeviceId): void {
    this.#ports.events.publish({ type: 'device.changed', deviceId });
  }

  mediaAvailable(): void {
    if (this.#policy.alwaysAnchored) {
      for (const live of this.#calls.values()) if (!live.anchored) void this.#anchorage.takeAgain(live);
    }
    for (const { callId, supervisorDeviceId } of this.#missed.take()) void this.#offerAgain(supervisorDeviceId, callId);
  }

  // ── within ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Carries out what concerns this instance. Who took the step says so and joins; the supervisor may be at anyone's desk. */
  #stepTaken({ supervisorDeviceId, effects, by }: TakenStep): void {
    for (const effect of effects) {
      switch (effect.type) {
        case 'changed':
          if (by === this.#self) this.#tellMonitoring(supervisorDeviceId);
          this.#adopt(supervisorDeviceId);
          break;
        case 'join':
          if (by === this.#self) this.#join(effect);
          break;
        case 'seek':
          this.#seek(supervisorDeviceId, effect.newerThan);
          break;
        case 'switch':
          this.#desk.switchTo(effect.supervisionId, effect.operation);
          break;
        case 'leave':
          this.#desk.leave(effect.supervisionId);
          break;
      }
    }
  }

  #tellMonitoring(supervisorDeviceId: DeviceId): void {
    const monitoring = this.#subscriptions.monitoringOf(supervisorDeviceId);
    this.#ports.events.publish({ type: 'monitoring.changed', supervisorDeviceId, monitoring });
  }

  #advance(supervisorDeviceId: DeviceId, event: MonitoringEvent): Promise<void> {
    return this.#later(supervisorDeviceId, () => this.#subscriptions.step(supervisorDeviceId, event));
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
      const state = this.#subscriptions.of(supervisorDeviceId);
      if (state.is !== 'armed') return;
      const newest = this.#locations.newestOf(state.monitoring.targetDeviceId, newerThan);
      if (newest !== undefined && this.#calls.has(newest.call.id))
        await this.#offerCall(supervisorDeviceId, newest.call.id);
    });
  }

  #offerCall(supervisorDeviceId: DeviceId, callId: CallId): Promise<void> {
    const session = { callId, supervisionId: crypto.randomUUID(), instanceId: this.#self };
    return this.#subscriptions.step(supervisorDeviceId, { type: 'call-available', ...session });
  }

  /** A call of ours is offered when everyone knows of it: then no subscription can have missed it that this instance has not heard of. */
  #callAnnounced({ call, instanceId }: LocatedCall): void {
    if (instanceId === this.#self && this.#calls.has(call.id)) this.#offerToMonitors(call);
  }

  #offerToMonitors(call: Call): void {
    for (const { deviceId } of parties(call)) {
      const monitors = deviceId === undefined ? [] : this.#subscriptions.aimedAt(deviceId);
      for (const { monitoring } of monitors) {
        void this.#later(monitoring.supervisorDeviceId, () => this.#offerCall(monitoring.supervisorDeviceId, call.id));
      }
    }
  }

  /**
   * A supervisor that stayed in a call when its subscription ended, and now subscribes again: to the same agent, it goes on with
   * the new operation; to another, it leaves.
   */
  #adopt(supervisorDeviceId: DeviceId): void {
    if (this.#desk.liveOf(supervisorDeviceId) === undefined) return;
    void this.#later(supervisorDeviceId, async () => {
      const live = this.#desk.liveOf(supervisorDeviceId);
      const state = this.#subscriptions.of(supervisorDeviceId);
      if (live === undefined || state.is !== 'armed') return;
      if (live.agentDeviceId !== state.monitoring.targetDeviceId) {
        this.#desk.leave(live.id);
        return;
      }
      const session = { supervisionId: live.id, callId: live.callId, instanceId: this.#self };
      await this.#subscriptions.step(supervisorDeviceId, { type: 'adopted', ...session });
    });
  }

  #join({ callId, supervisionId, monitoring }: Extract<MonitoringEffect, { type: 'join' }>): void {
    const live = this.#calls.get(callId);
    const agent = live && partyOf(live.call, monitoring.targetDeviceId);
    if (live === undefined || agent === undefined) {
      void this.#advance(monitoring.supervisorDeviceId, {
        type: 'session-ended',
        supervisionId,
        callOver: true,
        failed: false,
      });
      return;
    }
    this.#desk.bringIn(supervisionId, live, agent, monitoring, this.#deviceOrThrow(monitoring.supervisorDeviceId));
  }

  #supervisionEnded({ id, supervisorDeviceId, callId, state }: Supervision): void {
    const outcome = state.is === 'ended' ? state.end.outcome : undefined;
    const [callOver, failed] = [outcome === 'call-ended', outcome === 'failed'];
    if (failed && !this.#ports.media.available) this.#missed.missedBy(supervisorDeviceId, callId);
    void this.#advance(supervisorDeviceId, { type: 'session-ended', supervisionId: id, callOver, failed });
  }

  async #offerAgain(supervisorDeviceId: DeviceId, callId: CallId): Promise<void> {
    await this.#turnstile.pass();
    const call = this.#calls.get(callId)?.call;
    const target = this.#subscriptions.monitoringOf(supervisorDeviceId)?.targetDeviceId;
    if (call === undefined || target === undefined || partyOf(call, target) === undefined) return;
    await this.#later(supervisorDeviceId, () => this.#offerCall(supervisorDeviceId, callId));
  }

  /** What the instance held is over: its supervisors are free again, its calls are gone. */
  async #instanceLost(instanceId: InstanceId): Promise<void> {
    const { events } = this.#ports;
    const busy = this.#subscriptions.busyAt(instanceId);
    const lost = busy.map(({ supervisionId, callId, monitoring }) => {
      const call = this.#locations.get(callId)?.call;
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
    for (const { call } of this.#locations.heldBy(instanceId)) {
      this.#locations.withdraw(call.id);
      events.publish({ type: 'call.ended', call });
    }
    await Promise.all(
      lost.map(({ supervisorDeviceId, supervisionId }) =>
        this.#advance(supervisorDeviceId, { type: 'session-lost', supervisionId }),
      ),
    );
  }

  /** Tells the store how it really stands with the supervisors at this desk, and offers them what calls there are. */
  #reunited(): void {
    const live = this.calls().flatMap(({ supervisions }) => supervisions);
    for (const { supervisionId, monitoring, callId } of this.#subscriptions.busyAt(this.#self)) {
      const supervision = live.find(({ id }) => id === supervisionId);
      const callOver = !this.#calls.has(callId);
      if (supervision === undefined) {
        void this.#advance(monitoring.supervisorDeviceId, {
          type: 'session-ended',
          supervisionId,
          callOver,
          failed: false,
        });
      } else if (supervision.state.is === 'active') {
        void this.#advance(monitoring.supervisorDeviceId, { type: 'joined', supervisionId });
      }
    }
    if (!this.#policy.intrusion) return;
    for (const { monitoring } of this.#subscriptions.armed()) this.#seek(monitoring.supervisorDeviceId, undefined);
  }

  #assertAllowed({ supervisorDeviceId, targetDeviceId }: Monitoring): void {
    const supervisor = this.#deviceOrThrow(supervisorDeviceId);
    const target = this.#deviceOrThrow(targetDeviceId);
    const own = supervisor.ownerId !== undefined && supervisor.ownerId === target.ownerId;
    if (supervisorDeviceId === targetDeviceId || own) {
      throw new EarpieceError('invalid-request', 'a supervisor cannot monitor a device of their own');
    }
    if (!this.#policy.severalSupervisors && this.heldByAnother(targetDeviceId, supervisorDeviceId)) {
      throw alreadyMonitored();
    }
  }

  /** A supervisor that is in the agent's call already may say what it wants to do there next. */
  #assertJoinable({ supervisorDeviceId, targetDeviceId }: Monitoring): void {
    const present = this.#locations.newestOf(targetDeviceId);
    if (present?.instanceId !== this.#self || this.#ports.media.available) return;
    if (this.#desk.liveOf(supervisorDeviceId)?.agentDeviceId === targetDeviceId) return;
    throw new EarpieceError('unavailable', 'the agent is in a call, and there is no media server to join it through');
  }

  get #self(): InstanceId {
    return this.#ports.store.siblings.self;
  }

  #deviceOrThrow(id: DeviceId): Device {
    const device = this.#ports.directory.device(id);
    if (device === undefined) throw new EarpieceError('not-found', `there is no device ${id}`);
    return device;
  }

  #liveOrThrow(callId: CallId): LiveCall {
    const live = this.#calls.get(callId);
    if (live === undefined) throw new EarpieceError('not-found', 'the call is over');
    return live;
  }
}
