import type { CallId } from './call.ts';
import type { Device, DeviceId } from './device.ts';
import { EarpieceError, isOfMedia, refusedByPhone } from './errors.ts';
import type { LegId, Party, Sdp } from './leg.ts';
import type { LiveCall } from './live-call.ts';
import type { Monitoring, Operation, SupervisionId } from './monitoring.ts';
import type { Events, Signalling } from './ports.ts';
import { type Clock, jittered, PAUSES_MS, type Turnstile } from './recovery.ts';
import { advance, isLive, type Supervision, type SupervisionEnd } from './supervision.ts';

export interface SupervisionDeskPorts {
  readonly signalling: Signalling;
  readonly events: Events;
  readonly clock: Clock;
}

/** What the desk tells the switchboard. */
export interface SupervisionListener {
  /** It is in the call; what it may do is confirmed. */
  joined(supervision: Supervision): void;
  /** It has begun to leave, or never came, `forWantOfMedia` or otherwise; nothing that is said of it from now on counts. */
  ended(supervision: Supervision, forWantOfMedia: boolean): void;
}

interface Seat {
  supervision: Supervision;
  readonly live: LiveCall;
  readonly device: Device;
  /** When it was decided to bring the supervisor in; performance.now(), ms. */
  readonly decidedAt: number;
  readonly dialling: AbortController;
  /** How many rooms of its call were lost so far, and how many had been when the latest attempt to take it in began. */
  losses: number;
  lossesBefore: number;
  /** When the first room was lost that it was active in, until it is active again; performance.now(), ms. */
  interruptedAt: number | undefined;
  /** Resolves when its phone has been hung up. */
  hungUp: Promise<unknown>;
}

/** Brings supervisors into calls and takes them out again: the life of every supervision. */
export class SupervisionDesk {
  readonly #ports: SupervisionDeskPorts;
  readonly #listener: SupervisionListener;
  readonly #turnstile: Turnstile;
  readonly #seats = new Map<SupervisionId, Seat>();

  /** Whoever lost a room passes the turnstile on its way into another. */
  constructor(ports: SupervisionDeskPorts, turnstile: Turnstile, listener: SupervisionListener) {
    this.#ports = ports;
    this.#turnstile = turnstile;
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
    const seat: Seat = {
      supervision,
      live,
      device,
      decidedAt: performance.now(),
      dialling: new AbortController(),
      losses: 0,
      lossesBefore: 0,
      interruptedAt: undefined,
      hungUp: Promise.resolve(),
    };
    this.#seats.set(supervision.id, seat);
    this.#ports.events.publish({ type: 'supervision.alerting', supervision });
    void this.#bring(seat);
  }

  /** Changes what a supervisor may do; one that is still on its way enters with the new operation. */
  switchTo(id: SupervisionId, operation: Operation): void {
    const seat = this.#seats.get(id);
    if (seat === undefined || seat.supervision.operation === operation) return;
    if (seat.supervision.state.is === 'ended') return;
    seat.supervision = { ...seat.supervision, operation };
    if (!isLive(seat.supervision) || seat.supervision.state.is === 'resuming') return;
    const { losses } = seat;
    seat.live.switchTo(seat.supervision.id, operation).then(
      () => this.#ports.events.publish({ type: 'supervision.switched', supervision: seat.supervision }),
      (error: unknown) => {
        // With a room that was lost in between it enters the next one.
        if (seat.losses === losses) this.#end(seat, failure(error), EarpieceError.from(error));
      },
    );
  }

  /** The room of a call is gone. Phones stay up, ringing or talking; everyone is taken into another room. */
  roomLost(callId: CallId, reason: string): void {
    for (const seat of this.#seats.values()) {
      const { state } = seat.supervision;
      if (seat.supervision.callId !== callId || state.is === 'ended') continue;
      seat.losses++;
      if (state.is !== 'joining' && state.is !== 'active') continue;
      seat.supervision = advance(seat.supervision, { is: 'resuming', legId: state.legId });
      if (state.is === 'joining') continue; // Whoever brings it in notices.
      seat.interruptedAt = performance.now();
      this.#ports.events.publish({ type: 'supervision.interrupted', supervision: seat.supervision, reason });
      void this.#bring(seat);
    }
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

  /** Takes a supervisor into the room of its call, and into another whenever that one is lost, until it is in or that has failed too often. */
  async #bring(seat: Seat): Promise<void> {
    for (let failures = 0; !isOver(seat); failures++) {
      const failed = await this.#enter(seat).then(
        () => undefined,
        (error: unknown) => EarpieceError.from(error),
      );
      if (isOver(seat)) return;
      const lost = seat.losses > seat.lossesBefore;
      if (failed === undefined && !lost) {
        this.#entered(seat);
        return;
      }
      const pauseMs = PAUSES_MS[failures];
      const recoverable = lost || (seat.losses > 0 && failed?.code !== 'isolation-lost');
      if (!recoverable || pauseMs === undefined) {
        const error = failed ?? new EarpieceError('unavailable', 'its room was lost');
        this.#end(seat, failure(error), error);
        return;
      }
      const { state } = seat.supervision;
      if (state.is === 'joining') seat.supervision = advance(seat.supervision, { is: 'resuming', legId: state.legId });
      await seat.live.remove(seat.supervision.id);
      if (!lost) await this.#ports.clock.pause(jittered(pauseMs));
    }
  }

  /** One attempt: a room and an endpoint, the phone told of it, then in. Somebody may end the supervision at any step. */
  async #enter(seat: Seat): Promise<void> {
    const { live } = seat;
    const { id: member, agentLegId: agent } = seat.supervision;
    if (seat.losses > 0) await this.#turnstile.pass();
    if (isOver(seat)) return;
    seat.lossesBefore = seat.losses;
    const offer = await live.expect(member);
    const answer = await this.#answerOf(seat, offer);
    if (answer === undefined) return;
    if (seat.losses > seat.lossesBefore)
      throw new EarpieceError('unavailable', 'the room was lost before the phone answered');
    await live.admit({ member, agent, operation: seat.supervision.operation }, answer);
  }

  /** What the phone answers to the offer: by a first INVITE, or by another where it is up. Nothing when it is over with it. */
  async #answerOf(seat: Seat, offer: Sdp): Promise<Sdp | undefined> {
    const { signalling } = this.#ports;
    const { state, callId } = seat.supervision;
    if (state.is === 'resuming') {
      const answer = await signalling.offer(state.legId, offer).catch(refusedByPhone);
      if (isOver(seat)) return undefined;
      seat.supervision = advance(seat.supervision, { is: 'joining', legId: state.legId });
      return answer;
    }
    await this.#phoneFree(seat);
    const dialled = await signalling
      .dial({ device: seat.device, offer, callId }, seat.dialling.signal)
      .catch(refusedByPhone);
    if (dialled.outcome !== 'answered') {
      this.#end(seat, dialled);
      return undefined;
    }
    if (isOver(seat)) {
      await signalling.hangUp(dialled.legId);
      return undefined;
    }
    seat.supervision = advance(seat.supervision, { is: 'joining', legId: dialled.legId });
    return dialled.answer;
  }

  #entered(seat: Seat): void {
    const { state } = seat.supervision;
    if (state.is !== 'joining') return;
    const { events } = this.#ports;
    const { decidedAt, interruptedAt } = seat;
    const supervision = advance(seat.supervision, { is: 'active', legId: state.legId });
    seat.supervision = supervision;
    seat.interruptedAt = undefined;
    if (interruptedAt !== undefined) {
      const interruptedMs = performance.now() - interruptedAt;
      events.publish({ type: 'supervision.resumed', supervision, interruptedMs });
      return;
    }
    this.#listener.joined(supervision);
    events.publish({ type: 'supervision.active', supervision, joinMs: performance.now() - decidedAt });
  }

  /**
   * Ends a supervision, once. Its phone is hung up and its member leaves the room at the same time: the room mutes the
   * member before it goes, and what the phone still sends reaches a muted endpoint.
   */
  #end(seat: Seat, end: SupervisionEnd, error?: EarpieceError): void {
    const { state } = seat.supervision;
    if (state.is === 'leaving' || state.is === 'ended') return;
    if (state.is !== 'alerting') seat.supervision = advance(seat.supervision, { is: 'leaving', legId: state.legId });
    seat.dialling.abort();
    if (state.is !== 'alerting') seat.hungUp = this.#ports.signalling.hangUp(state.legId);
    seat.supervision = advance(seat.supervision, { is: 'ended', end });
    this.#listener.ended(seat.supervision, error !== undefined && isOfMedia(error));
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

/** Whether it has ended, or is about to; asked anew after every wait. */
function isOver({ supervision: { state } }: Seat): boolean {
  return state.is === 'leaving' || state.is === 'ended';
}

function failure(error: unknown): SupervisionEnd {
  const { code, message } = EarpieceError.from(error);
  return { outcome: 'failed', code, message };
}
