import { Anchorage } from './anchorage.ts';
import { type Call, type CallId, parties, partyOf } from './call.ts';
import type { Device, DeviceId } from './device.ts';
import { EarpieceError } from './errors.ts';
import type { LegId, Sdp } from './leg.ts';
import { LiveCall } from './live-call.ts';
import { MissedCalls } from './missed-calls.ts';
import type { Monitoring, MonitoringEffect, MonitoringEvent } from './monitoring.ts';
import type {
  Arrival,
  CallControl,
  Directory,
  Events,
  MediaServers,
  MonitoringStore,
  Routing,
  Signalling,
} from './ports.ts';
import { type Clock, Turnstile } from './recovery.ts';
import { Serial } from './serial.ts';
import { Subscriptions } from './subscriptions.ts';
import type { Supervision } from './supervision.ts';
import { SupervisionDesk } from './supervision-desk.ts';

export interface SwitchboardPorts {
  readonly directory: Directory;
  readonly signalling: Signalling;
  readonly media: MediaServers;
  readonly store: MonitoringStore;
  readonly events: Events;
  readonly clock: Clock;
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
  readonly #desk: SupervisionDesk;
  readonly #turnstile: Turnstile;
  readonly #anchorage: Anchorage;
  readonly #missed = new MissedCalls();
  /** Subscriptions change one at a time: who holds an agent's device is decided once. */
  readonly #changes = new Serial();

  constructor(ports: SwitchboardPorts, policy: Policy) {
    this.#ports = ports;
    this.#policy = policy;
    this.#subscriptions = new Subscriptions(ports.store);
    this.#turnstile = new Turnstile(ports.clock);
    this.#anchorage = new Anchorage(ports, this.#turnstile);
    this.#desk = new SupervisionDesk(ports, this.#turnstile, {
      joined: ({ id, supervisorDeviceId }) => this.#advance(supervisorDeviceId, { type: 'joined', supervisionId: id }),
      ended: (supervision) => this.#supervisionEnded(supervision),
    });
  }

  /** Brings back what the store has kept. */
  start(): Promise<void> {
    return this.#subscriptions.restore();
  }

  // ── the control plane ────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Sets a supervisor's device to monitor another. Resolves when the subscription is stored and announced; joining a
   * call follows by itself. Throws `not-found`, `invalid-request`, `already-monitored`; `unavailable` when the supervisor had to
   * join a call now and there is no media server. Whoever waits for a next call is served by whatever server there is by then.
   */
  monitor(monitoring: Monitoring): Promise<void> {
    return this.#changes.run(async () => {
      this.#assertAllowed(monitoring);
      const present = this.#policy.intrusion ? this.#newestCallOf(monitoring.targetDeviceId) : undefined;
      if (present !== undefined) this.#assertJoinable(monitoring);
      await this.#step(monitoring.supervisorDeviceId, { type: 'requested', monitoring });
      await this.#adopt(monitoring);
      if (present !== undefined) await this.#offerCall(monitoring.supervisorDeviceId, present.call.id);
    });
  }

  /** Ends a subscription; its supervisor leaves the call unless `leaveCall` is false. Throws `invalid-state` when there is none. */
  cancelMonitoring(supervisorDeviceId: DeviceId, { leaveCall }: { leaveCall: boolean }): Promise<void> {
    return this.#changes.run(async () => {
      this.#deviceOrThrow(supervisorDeviceId);
      if (this.#subscriptions.of(supervisorDeviceId).is === 'none') {
        throw new EarpieceError('invalid-state', 'no supervisor monitoring is active on this device');
      }
      await this.#step(supervisorDeviceId, { type: 'cancelled', leaveCall });
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
    for (const { deviceId } of parties(call)) {
      if (deviceId !== undefined) this.#offerToMonitors(deviceId, call.id);
    }
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

  /** Takes a step of a subscription and carries out what it asks for. Called inside `#changes`. */
  async #step(supervisorDeviceId: DeviceId, event: MonitoringEvent): Promise<void> {
    for (const effect of await this.#subscriptions.step(supervisorDeviceId, event)) {
      switch (effect.type) {
        case 'changed': {
          const monitoring = this.#subscriptions.monitoringOf(supervisorDeviceId);
          this.#ports.events.publish({ type: 'monitoring.changed', supervisorDeviceId, monitoring });
          break;
        }
        case 'join':
          this.#join(effect);
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

  #advance(supervisorDeviceId: DeviceId, event: MonitoringEvent): void {
    const stepped = this.#changes.run(() => this.#step(supervisorDeviceId, event));
    stepped.catch((error: unknown) => {
      const { message } = EarpieceError.from(error);
      this.#ports.events.publish({ type: 'monitoring.failed', supervisorDeviceId, reason: message });
    });
  }

  #offerCall(supervisorDeviceId: DeviceId, callId: CallId): Promise<void> {
    return this.#step(supervisorDeviceId, { type: 'call-available', callId, supervisionId: crypto.randomUUID() });
  }

  #offerToMonitors(agentDeviceId: DeviceId, callId: CallId): void {
    for (const { monitoring } of this.#subscriptions.aimedAt(agentDeviceId)) {
      const supervisionId = crypto.randomUUID();
      this.#advance(monitoring.supervisorDeviceId, { type: 'call-available', callId, supervisionId });
    }
  }

  /**
   * A supervisor that stayed in a call when its subscription ended, and now subscribes again: to the same agent, it goes on with
   * the new operation; to another, it leaves.
   */
  async #adopt({ supervisorDeviceId, targetDeviceId }: Monitoring): Promise<void> {
    const live = this.#desk.liveOf(supervisorDeviceId);
    if (live === undefined || this.#subscriptions.of(supervisorDeviceId).is !== 'armed') return;
    if (live.agentDeviceId !== targetDeviceId) this.#desk.leave(live.id);
    else await this.#step(supervisorDeviceId, { type: 'adopted', supervisionId: live.id });
  }

  #join({ callId, supervisionId, monitoring }: Extract<MonitoringEffect, { type: 'join' }>): void {
    const live = this.#calls.get(callId);
    const agent = live && partyOf(live.call, monitoring.targetDeviceId);
    if (live === undefined || agent === undefined) {
      this.#advance(monitoring.supervisorDeviceId, { type: 'session-ended', supervisionId, failed: false });
      return;
    }
    this.#desk.bringIn(supervisionId, live, agent, monitoring, this.#deviceOrThrow(monitoring.supervisorDeviceId));
  }

  /** A supervisor that is free again is offered the agent's other call: the one that is left, or that came in the meantime. */
  #supervisionEnded({ id, supervisorDeviceId, agentDeviceId, callId, state }: Supervision): void {
    const failed = state.is === 'ended' && state.end.outcome === 'failed';
    if (failed && !this.#ports.media.available) this.#missed.missedBy(supervisorDeviceId, callId);
    this.#advance(supervisorDeviceId, { type: 'session-ended', supervisionId: id, failed });
    const left = state.is === 'ended' && state.end.outcome === 'call-ended';
    const next = this.#newestCallOf(agentDeviceId, left ? undefined : callId);
    if (next === undefined || this.#subscriptions.monitoringOf(supervisorDeviceId)?.targetDeviceId !== agentDeviceId)
      return;
    const supervisionId = crypto.randomUUID();
    this.#advance(supervisorDeviceId, { type: 'call-available', callId: next.call.id, supervisionId });
  }

  async #offerAgain(supervisorDeviceId: DeviceId, callId: CallId): Promise<void> {
    await this.#turnstile.pass();
    const call = this.#calls.get(callId)?.call;
    const target = this.#subscriptions.monitoringOf(supervisorDeviceId)?.targetDeviceId;
    if (call === undefined || target === undefined || partyOf(call, target) === undefined) return;
    this.#advance(supervisorDeviceId, { type: 'call-available', callId, supervisionId: crypto.randomUUID() });
  }

  /** The agent's newest call; of those after one of them, where that is given. */
  #newestCallOf(deviceId: DeviceId, after?: CallId): LiveCall | undefined {
    const calls = [...this.#calls.values()];
    const newer = calls.slice(calls.findIndex((live) => live.call.id === after) + 1);
    return newer.findLast((live) => partyOf(live.call, deviceId) !== undefined);
  }

  #assertAllowed({ supervisorDeviceId, targetDeviceId }: Monitoring): void {
    const supervisor = this.#deviceOrThrow(supervisorDeviceId);
    const target = this.#deviceOrThrow(targetDeviceId);
    const own = supervisor.ownerId !== undefined && supervisor.ownerId === target.ownerId;
    if (supervisorDeviceId === targetDeviceId || own) {
      throw new EarpieceError('invalid-request', 'a supervisor cannot monitor a device of their own');
    }
    if (!this.#policy.severalSupervisors && this.heldByAnother(targetDeviceId, supervisorDeviceId)) {
      throw new EarpieceError('already-monitored', 'another supervisor monitors this device');
    }
  }

  /** A supervisor that is in the agent's call already may say what it wants to do there next. */
  #assertJoinable({ supervisorDeviceId, targetDeviceId }: Monitoring): void {
    if (this.#ports.media.available || this.#desk.liveOf(supervisorDeviceId)?.agentDeviceId === targetDeviceId) return;
    throw new EarpieceError('unavailable', 'the agent is in a call, and there is no media server to join it through');
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
