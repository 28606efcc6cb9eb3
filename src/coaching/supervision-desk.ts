import type { CallId } from './call.ts';
import type { Device, DeviceId } from './device.ts';
import { EarpieceError } from './errors.ts';
import type { LegId, Party } from './leg.ts';
import type { LiveCall } from './live-call.ts';
import type { Monitoring, Operation, SupervisionId } from './monitoring.ts';
import type { Events, Signalling } from './ports.ts';
import { advance, isLive, type Supervision, type SupervisionEnd } from './supervision.ts';

export interface SupervisionDeskPorts {
  readonly signalling: Signalling;
  readonly events: Events;
}

/** What the desk tells the switchboard. */
export interface SupervisionListener {
  /** It is in the call; what it may do is confirmed. */
  joined(supervision: Supervision): void;
  /** It has begun to leave; nothing that is said of it from now on counts. */
  ended(supervision: Supervision): void;
}

interface Seat {
  supervision: Supervision;
  readonly live: LiveCall;
  readonly dialling: AbortController;
  /** Resolves when its phone has been hung up. */
  hungUp: Promise<unknown>;
}

/** Brings supervisors into calls and takes them out again: the life of every supervision. */
export class SupervisionDesk {
  readonly #ports: SupervisionDeskPorts;
  readonly #listener: SupervisionListener;
  readonly #seats = new Map<SupervisionId, Seat>();

  constructor(ports: SupervisionDeskPorts, listener: SupervisionListener) {
    this.#ports = ports;
    this.#listener = listener;
  }

  /** Those that are in a call, or being brought in. */
  in(callId: CallId): Supervision[] {
    return this.#supervisions().filter((each) => each.callId === callId && each.state.is !== 'ended');
  }

  byLeg(legId: LegId): Supervision | undefined {
    return this.#supervisions().find(({ state }) => 'legId' in state && state.legId === legId);
  }

  /** The supervision by which this supervisor is in a call of the agent, whatever subscription it came from. */
  liveOf(supervisorDeviceId: DeviceId): Supervision | undefined {
    return this.#supervisions().find(
      (supervision) => supervision.supervisorDeviceId === supervisorDeviceId && isLive(supervision),
    );
  }

  /** Dials the supervisor and, when it answers, takes it into the call. How it went is told by events. */
  bringIn(id: SupervisionId, live: LiveCall, agent: Party, monitoring: Monitoring, device: Device): void {
    const supervision: Supervision = {
      id,
      callId: live.call.id,
      supervisorDeviceId: device.id,
      agentDeviceId: monitoring.targetDeviceId,
      agentLegId: agent.legId,
      operation: monitoring.operation,
      state: { is: 'alerting' },
    };
    const seat: Seat = { supervision, live, dialling: new AbortController(), hungUp: Promise.resolve() };
    this.#seats.set(supervision.id, seat);
    void this.#seatSupervisor(seat, device);
  }

  /** Changes what a supervisor may do; one that is still on its way enters with the new operation. */
  switchTo(id: SupervisionId, operation: Operation): void {
    const seat = this.#seats.get(id);
    if (seat === undefined || seat.supervision.operation === operation) return;
    if (seat.supervision.state.is === 'ended') return;
    seat.supervision = { ...seat.supervision, operation };
    if (!isLive(seat.supervision)) return;
    seat.live.switchTo(seat.supervision.id, operation).then(
      () => this.#ports.events.publish({ type: 'supervision.switched', supervision: seat.supervision }),
      (error: unknown) => this.#end(seat, failure(error)),
    );
  }

  leave(id: SupervisionId): void {
    const seat = this.#seats.get(id);
    if (seat !== undefined) this.#end(seat, { outcome: 'cancelled' });
  }

  legEnded(legId: LegId): void {
    const supervision = this.byLeg(legId);
    const seat = supervision && this.#seats.get(supervision.id);
    if (seat !== undefined) this.#end(seat, { outcome: 'left' });
  }

  endAll(callId: CallId, end: SupervisionEnd): void {
    for (const seat of [...this.#seats.values()]) {
      if (seat.supervision.callId === callId) this.#end(seat, end);
    }
  }

  async #seatSupervisor(seat: Seat, device: Device): Promise<void> {
    const { live, dialling } = seat;
    const { id, callId } = seat.supervision;
    const decidedAt = performance.now();
    try {
      this.#ports.events.publish({ type: 'supervision.alerting', supervision: seat.supervision });
      const offer = await live.expect(id);
      await this.#phoneFree(seat);
      const dialled = await this.#ports.signalling.dial({ device, offer, callId }, dialling.signal);
      if (dialled.outcome !== 'answered') {
        this.#end(seat, dialled);
        return;
      }
      if (seat.supervision.state.is !== 'alerting') {
        await this.#ports.signalling.hangUp(dialled.legId);
        return;
      }
      seat.supervision = advance(seat.supervision, { is: 'joining', legId: dialled.legId });
      const { agentLegId, operation } = seat.supervision;
      await live.admit({ member: id, agent: agentLegId, operation }, dialled.answer);
      if (seat.supervision.state.is !== 'joining') return;
      seat.supervision = advance(seat.supervision, { is: 'active', legId: dialled.legId });
      this.#listener.joined(seat.supervision);
      const joinMs = performance.now() - decidedAt;
      this.#ports.events.publish({ type: 'supervision.active', supervision: seat.supervision, joinMs });
    } catch (error) {
      this.#end(seat, failure(error));
    }
  }

  /**
   * Ends a supervision, once. Its phone is hung up and its member leaves the room at the same time: the room mutes the
   * member before it goes, and what the phone still sends reaches a muted endpoint.
   */
  #end(seat: Seat, end: SupervisionEnd): void {
    const { state } = seat.supervision;
    if (state.is === 'leaving' || state.is === 'ended') return;
    if (state.is !== 'alerting') seat.supervision = advance(seat.supervision, { is: 'leaving', legId: state.legId });
    seat.dialling.abort();
    if (state.is !== 'alerting') seat.hungUp = this.#ports.signalling.hangUp(state.legId);
    seat.supervision = advance(seat.supervision, { is: 'ended', end });
    this.#listener.ended(seat.supervision);
    void Promise.allSettled([seat.live.remove(seat.supervision.id), seat.hungUp]).then(() => {
      this.#seats.delete(seat.supervision.id);
      this.#ports.events.publish({ type: 'supervision.ended', supervision: seat.supervision });
    });
  }

  /** The same phone may be just being hung up in another call. */
  async #phoneFree({ supervision }: Seat): Promise<void> {
    const { id, supervisorDeviceId } = supervision;
    const others = [...this.#seats.values()].filter(
      (other) => other.supervision.id !== id && other.supervision.supervisorDeviceId === supervisorDeviceId,
    );
    await Promise.allSettled(others.map(({ hungUp }) => hungUp));
  }

  #supervisions(): Supervision[] {
    return [...this.#seats.values()].map((seat) => seat.supervision);
  }
}

function failure(error: unknown): SupervisionEnd {
  const { code, message } = EarpieceError.from(error);
  return { outcome: 'failed', code, message };
}
