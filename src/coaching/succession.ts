import { type CallId, parties } from './call.ts';
import { EarpieceError } from './errors.ts';
import type { AbandonedCall, AbandonedRoom, AbandonedRooms, CallControl, Events, Signalling } from './ports.ts';
import type { Clock } from './recovery.ts';

export interface SuccessionPorts {
  readonly signalling: Pick<Signalling, 'connectDirectly'>;
  readonly rooms: AbandonedRooms;
  readonly control: Pick<CallControl, 'callEstablished'>;
  readonly events: Events;
  readonly clock: Clock;
}

/** How often the parties of a call are asked to talk directly while their room stands, and the time between, ms. */
const [ATTEMPTS, PAUSE_MS] = [6, 5_000];
/**
 * When rooms that nobody claims are looked for, ms after it was heard that their process is gone; on a server that is away then, when it
 * is back.
 */
const SWEEPS_MS = [2_000, 15_000, 60_000];

/**
 * Goes on with the calls of processes that are gone. Their media flow on as they were: directly, or through a room that nobody
 * governs any more. Each call becomes an ordinary one again:
 *
 *     silence the supervisors in its room ─► connect the parties directly ─► tell the core of the call ─► clear the room
 *
 * The supervisors' phones are hung up meanwhile. Whoever still monitors the agent comes in again as into any call.
 */
export class Succession {
  readonly #ports: SuccessionPorts;
  readonly #gone = new Set<string>();
  /** Rooms that a call still needs. */
  readonly #claimed = new Set<CallId>();
  /** The rooms of all calls that are found at the same time are listed once. */
  #listing: Promise<readonly AbandonedRoom[]> | undefined;

  constructor(ports: SuccessionPorts) {
    this.#ports = ports;
    ports.rooms.clearOnConnect(({ instance, callId }) => this.#gone.has(instance) && !this.#claimed.has(callId));
  }

  /** Goes on with a call. Never rejects. */
  async take(abandoned: AbandonedCall): Promise<void> {
    const { call, anchored, looked } = abandoned;
    this.#claimed.add(call.id);
    const rooms = (await this.#abandonedRooms()).filter(({ callId }) => callId === call.id);
    // Who cannot be silenced is removed all the same, below.
    await Promise.allSettled(rooms.map((room) => room.silence()));
    await looked;
    // The crash may have come between what a phone was told and its being written down; a room says more than a record.
    if (anchored || rooms.length > 0) {
      abandoned.doubt();
      await this.#connect(abandoned);
    }
    if (abandoned.isUp()) this.#ports.control.callEstablished(call);
    this.#claimed.delete(call.id);
    await this.#clear(rooms);
  }

  /** A process is gone: what it has left on the media servers, and no call needs, is cleared away. Never rejects. */
  async lost(instance: string): Promise<void> {
    this.#gone.add(instance);
    for (const ms of SWEEPS_MS) {
      await this.#ports.clock.pause(ms);
      const rooms = await this.#ports.rooms.abandoned((each) => this.#gone.has(each));
      await this.#clear(rooms.filter(({ callId }) => !this.#claimed.has(callId)));
    }
  }

  /** The process lives after all: its rooms are its own. */
  returned(instance: string): void {
    this.#gone.delete(instance);
  }

  /** They go on in the room until they agree; but not for ever, since nobody governs it. */
  async #connect(abandoned: AbandonedCall): Promise<void> {
    const { call } = abandoned;
    const [caller, callee] = parties(call);
    for (let attempt = 1; abandoned.isUp() && attempt <= ATTEMPTS; attempt++) {
      try {
        await this.#ports.signalling.connectDirectly(caller.legId, callee.legId);
        return;
      } catch (error) {
        if (abandoned.isUp())
          this.#ports.events.publish({ type: 'call.degraded', call, reason: EarpieceError.from(error).message });
      }
      await this.#ports.clock.pause(PAUSE_MS);
    }
  }

  async #clear(rooms: readonly AbandonedRoom[]): Promise<void> {
    await Promise.allSettled(rooms.map((room) => room.clear()));
  }

  #abandonedRooms(): Promise<readonly AbandonedRoom[]> {
    this.#listing ??= this.#ports.rooms
      .abandoned(() => true)
      .finally(() => {
        this.#listing = undefined;
      });
    return this.#listing;
  }
}
