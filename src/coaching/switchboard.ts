import { Anchorage } from './anchorage.ts';
import { type Call, type CallId, partyOf } from './call.ts';
import type { Device, DeviceId } from './device.ts';
import { EarpieceError } from './errors.ts';
import type { LegId, Sdp } from './leg.ts';
import { LiveCall } from './live-call.ts';
import { MissedCalls } from './missed-calls.ts';
import type { Monitoring } from './monitoring.ts';
import type { Arrival, CallControl, Directory, Events, MediaServers, Routing, Signalling } from './ports.ts';
import { type Clock, Turnstile } from './recovery.ts';
import { type SharedState, SubscriptionDesk } from './subscription-desk.ts';
import { alreadyMonitored } from './subscriptions.ts';
import type { Supervision } from './supervision.ts';
import { SupervisionDesk } from './supervision-desk.ts';

export interface SwitchboardPorts {
  readonly directory: Directory;
  readonly signalling: Signalling;
  readonly media: MediaServers;
  readonly store: SharedState;
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
  readonly #monitors: SubscriptionDesk;
  readonly #desk: SupervisionDesk;
  readonly #turnstile: Turnstile;
  readonly #anchorage: Anchorage;
  readonly #missed = new MissedCalls();

  constructor(ports: SwitchboardPorts, policy: Policy) {
    this.#ports = ports;
    this.#policy = policy;
    this.#turnstile = new Turnstile(ports.clock);
    this.#anchorage = new Anchorage(ports, this.#turnstile);
    this.#desk = new SupervisionDesk(ports, this.#turnstile, {
      joined: ({ id, supervisorDeviceId }) =>
        void this.#monitors.advance(supervisorDeviceId, { type: 'joined', supervisionId: id }),
      ended: (supervision, forWantOfMedia) => this.#supervisionEnded(supervision, forWantOfMedia),
    });
    const callTaken = (callId: CallId) => this.#callTaken(callId);
    this.#monitors = new SubscriptionDesk(
      { ...ports, calls: this.#calls, callTaken, supervisions: this.#desk },
      policy,
    );
  }

  /** Learns what the store has kept, and what others have stored. Call this once, when everything else is there. */
  start(): void {
    this.#monitors.start();
  }

  /** Resolves when every change that was asked for so far is stored, or could not be. */
  settled(): Promise<void> {
    return this.#monitors.settled();
  }

  // ── the control plane ────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Sets a supervisor's device to monitor another. Resolves when the subscription is stored and announced; joining a
   * call, here or where it is held, follows by itself. Throws `not-found`, `invalid-request`, `already-monitored`; `unavailable` when
   * the supervisor had to join a call of ours now and there is no media server. Whoever waits for a next call is served by whatever
   * server there is by then.
   */
  monitor(monitoring: Monitoring): Promise<void> {
    return this.#monitors.change(async () => {
      this.#assertAllowed(monitoring);
      const { intrusion, severalSupervisors } = this.#policy;
      if (intrusion) this.#assertJoinable(monitoring);
      const event = { type: 'requested' as const, monitoring, intrusion };
      await this.#monitors.subscriptions.step(monitoring.supervisorDeviceId, event, { exclusive: !severalSupervisors });
    });
  }

  /** Ends a subscription; its supervisor leaves the call unless `leaveCall` is false. Throws `invalid-state` when there is none. */
  cancelMonitoring(supervisorDeviceId: DeviceId, { leaveCall }: { leaveCall: boolean }): Promise<void> {
    return this.#monitors.change(async () => {
      this.#deviceOrThrow(supervisorDeviceId);
      if (this.#monitors.subscriptions.of(supervisorDeviceId).is === 'none') {
        throw new EarpieceError('invalid-state', 'no supervisor monitoring is active on this device');
      }
      await this.#monitors.subscriptions.step(supervisorDeviceId, { type: 'cancelled', leaveCall });
    });
  }

  /** Throws `not-found`. */
  device(id: DeviceId): DeviceView {
    const device = this.#deviceOrThrow(id);
    const active = this.#ports.directory.isActive(id);
    return { device, active, monitoring: this.#monitors.subscriptions.monitoringOf(id) };
  }

  /** Whether a supervisor other than this one holds the device. */
  heldByAnother(targetDeviceId: DeviceId, supervisorDeviceId: DeviceId): boolean {
    return this.#monitors.subscriptions
      .aimedAt(targetDeviceId)
      .some(({ monitoring }) => monitoring.supervisorDeviceId !== supervisorDeviceId);
  }

  /** The call, whichever instance holds it. */
  call(id: CallId): Call | undefined {
    return this.#calls.get(id)?.call ?? this.#monitors.locations.get(id)?.call;
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

  callArrived({ dialled }: Arrival): Routing {
    const device = this.#ports.directory.deviceByNumber(dialled);
    // Also when it came from there: the switch sends whole ranges of numbers, some of whose owners nobody has made known to us.
    if (device === undefined) return { to: 'switch' };
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
    this.#monitors.locations.announce(call);
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
    this.#monitors.locations.withdraw(callId);
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

  #supervisionEnded({ id, supervisorDeviceId, callId, state }: Supervision, forWantOfMedia: boolean): void {
    const outcome = state.is === 'ended' ? state.end.outcome : undefined;
    const [callOver, failed] = [outcome === 'call-ended', outcome === 'failed'];
    // Asked first: who is told no hears when there is one again.
    if (failed && (!this.#ports.media.available || forWantOfMedia)) this.#missed.missedBy(supervisorDeviceId, callId);
    void this.#monitors.advance(supervisorDeviceId, { type: 'session-ended', supervisionId: id, callOver, failed });
  }

  /** The heir has said already what became of the call; here nothing of it may stay. */
  #callTaken(callId: CallId): void {
    const live = this.#calls.get(callId);
    if (live === undefined) return;
    this.#calls.delete(callId);
    this.#missed.forget(callId);
    this.#ports.signalling.letGo(callId);
    this.#desk.endAll(callId, { outcome: 'call-ended' });
    void live.end();
  }

  async #offerAgain(supervisorDeviceId: DeviceId, callId: CallId): Promise<void> {
    await this.#turnstile.pass();
    const call = this.#calls.get(callId)?.call;
    const target = this.#monitors.subscriptions.monitoringOf(supervisorDeviceId)?.targetDeviceId;
    if (call === undefined || target === undefined || partyOf(call, target) === undefined) return;
    await this.#monitors.offer(supervisorDeviceId, callId);
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

  /** A call that has a room may be joined there. A supervisor that is in the agent's call already may say what it wants to do there next. */
  #assertJoinable({ supervisorDeviceId, targetDeviceId }: Monitoring): void {
    const present = this.#monitors.locations.newestOf(targetDeviceId);
    if (present?.instanceId !== this.#monitors.self || this.#ports.media.available) return;
    if (this.#calls.get(present.call.id)?.hasRoom === true) return;
    if (this.#desk.liveOf(supervisorDeviceId)?.agentDeviceId === targetDeviceId) return;
    const { refusal } = this.#ports.media;
    const why = refusal === undefined ? '' : ` (${refusal})`;
    throw new EarpieceError(
      'unavailable',
      `the agent is in a call, and there is no media server to join it through${why}`,
    );
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
