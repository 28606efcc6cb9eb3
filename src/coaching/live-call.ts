import { type Audibility, audibility, type MemberId, type Supervisor } from './audibility.ts';
import { type Call, farLeg, legIds, parties, phoneOf } from './call.ts';
import type { CallMedia, LiveCallListener } from './call-media.ts';
import { EarpieceError, isOfMedia, NoCommonCodec, refusedByPhone } from './errors.ts';
import type { LegId, Sdp } from './leg.ts';
import type { Operation } from './monitoring.ts';
import type { MediaServers, Signalling } from './ports.ts';
import { all, Serial } from './serial.ts';
import { StagedRoom } from './staged-room.ts';

export interface LiveCallPorts {
  readonly signalling: Signalling;
  readonly media: MediaServers;
}

/** A supervisor whose phone has answered. */
interface Arrival {
  readonly supervisor: Supervisor;
  readonly answer: Sdp;
}

/**
 * The media of one call: direct between its parties, or anchored in a room while it is supervised. Everything that changes
 * them goes through one queue. The parties' conversation comes first: whatever fails, they end up connected to each other.
 */
export class LiveCall {
  readonly call: Call;
  readonly #ports: LiveCallPorts;
  readonly #listener: LiveCallListener;
  readonly #queue = new Serial();
  readonly #supervisors = new Map<MemberId, Supervisor>();
  /** What each supervisor was last told to do, be it in the room already or on its way. */
  readonly #operations = new Map<MemberId, Operation>();
  /** Supervisors whose phone is being dialled: the room must wait for them. */
  readonly #expected = new Set<MemberId>();
  #media: CallMedia = { flow: 'direct' };
  /** Anchored whether or not anybody supervises it. */
  #always = false;
  #ended = false;
  /** Resolves when the rooms are closed that are not needed any more. */
  #closed: Promise<unknown> = Promise.resolve();

  constructor(call: Call, ports: LiveCallPorts, listener: LiveCallListener) {
    this.call = call;
    this.#ports = ports;
    this.#listener = listener;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Whether media flow through a room. */
  get anchored(): boolean {
    return this.#media.flow === 'anchored';
  }

  /** Whether a room stands for it: whoever joins needs an endpoint there, and no other room. */
  get hasRoom(): boolean {
    return this.#media.flow !== 'direct';
  }

  /** Anchors the call for as long as it lasts. Rejects when that cannot be done; the parties then talk directly. */
  anchor(): Promise<void> {
    return this.#queue.run(async () => {
      this.#assertUp();
      try {
        const room = await this.#begun((opened) => this.#prepareParties(opened));
        await this.#seat(room);
        await this.#moveParties(room);
        this.#assertHeld(room);
        this.#always = true;
      } catch (error) {
        if (!this.#needed()) await this.#release();
        throw error;
      }
    });
  }

  /** A party offers new media: the other party answers while they talk directly, its endpoint while they are anchored. */
  offerReceived(legId: LegId, offer: Sdp, withdrawn?: AbortSignal): Promise<Sdp> {
    return this.#queue.run(async () => {
      this.#assertUp();
      if (withdrawn?.aborted === true) throw new EarpieceError('invalid-state', 'the offer was withdrawn');
      if (this.#media.flow === 'anchored') return this.#media.room.describe(legId, offer);
      return this.#ports.signalling.offer(farLeg(this.call, legId), offer);
    });
  }

  /** A supervisor's phone offers new media. */
  supervisorOffer(member: MemberId, offer: Sdp): Promise<Sdp> {
    return this.#queue.run(() => this.#roomOrThrow().describe(member, offer));
  }

  /**
   * Prepares the room and the supervisor's endpoint while its phone is dialled; resolves with the offer for that phone.
   * The parties notice nothing. Must be followed by `admit` or `remove`.
   */
  expect(member: MemberId): Promise<Sdp> {
    this.#expected.add(member);
    return new Promise((resolve, reject) => {
      let told = false;
      const tell = (offer: Sdp) => {
        told = true;
        resolve(offer);
      };
      const prepared = this.#queue.run(async () => {
        this.#assertUp();
        // The phone can ring before the parties' endpoints stand; should those fail, `admit` tries them again and says so.
        const prepare = (room: StagedRoom) =>
          all([room.prepare(member, undefined).then(tell), this.#prepareParties(room)]);
        await this.#begun(prepare, () => !told);
      });
      prepared.catch(reject);
    });
  }

  /**
   * The supervisor's phone has answered: lets it hear and, as far as allowed, be heard. Everyone sits in the room and all that
   * may be heard is confirmed before the parties' phones are told; until then a failure leaves their call as it was.
   */
  admit(supervisor: Supervisor, answer: Sdp): Promise<void> {
    this.#operations.set(supervisor.member, supervisor.operation);
    return this.#queue.run(async () => {
      this.#assertUp();
      const room = this.#roomOrThrow();
      await this.#seat(room, { supervisor, answer });
      await this.#moveParties(room);
      this.#assertHeld(room);
      // What was decided while the phones were told is confirmed before anybody says that the supervisor is in.
      await this.#arrange(room);
    });
  }

  /** Changes what a supervisor may do in the room. Resolves when it is so. One that is on its way enters with it. */
  async switchTo(member: MemberId, operation: Operation): Promise<void> {
    this.#operations.set(member, operation);
    if (!this.#supervisors.has(member)) await this.#queue.idle();
    if (!this.#supervisors.has(member)) throw new EarpieceError('invalid-state', 'the supervisor is not in the call');
    await this.#arrange(this.#roomOrThrow());
  }

  /** The parties are connected directly at last, some time after they were told to. */
  connectedDirectly(): Promise<void> {
    return this.#queue.run(async () => {
      if (this.#media.flow !== 'returning') return;
      const { room } = this.#media;
      this.#media = { flow: 'prepared', room };
      if (this.#needed()) {
        await room.dismissParties(legIds(this.call));
        this.#listener.roomReleased();
      } else this.#closeRoom(true);
    });
  }

  /**
   * Takes a supervisor out, and gives the parties their direct media back when it was the last one. It is silenced at once,
   * whatever the queue is busy with: a re-INVITE may take half a minute, and nobody who leaves may be heard meanwhile.
   * Never rejects.
   */
  async remove(member: MemberId): Promise<void> {
    this.#supervisors.delete(member);
    this.#operations.delete(member);
    await Promise.all([
      this.#dismiss(member),
      this.#queue.run(async () => {
        this.#expected.delete(member);
        await this.#dismiss(member);
        if (!this.#needed()) await this.#release();
      }),
    ]);
    await this.#closed;
  }

  /** The call is over: closes its room. Never rejects; twice is fine. */
  async end(): Promise<void> {
    this.#ended = true;
    await this.#queue.run(() => {
      this.#expected.clear();
      this.#supervisors.clear();
      this.#closeRoom();
      return Promise.resolve();
    });
    await this.#closed;
  }

  /** Makes true what may be heard now, behind whatever is being arranged. */
  #arrange(room: StagedRoom): Promise<void> {
    return room.arrange(() => this.#target(room));
  }

  #target(room: StagedRoom): Audibility {
    const supervisors = [...this.#supervisors.values()].map((supervisor) => {
      const { member, operation } = supervisor;
      return { ...supervisor, operation: this.#operations.get(member) ?? operation };
    });
    const seated = legIds(this.call).filter((legId) => room.seats(legId));
    return audibility(seated, supervisors);
  }

  async #dismiss(member: MemberId): Promise<void> {
    if (this.#media.flow === 'direct') return;
    await this.#media.room.dismiss(member);
  }

  #needed(): boolean {
    return !this.#ended && (this.#always || this.#supervisors.size > 0 || this.#expected.size > 0);
  }

  /** A room with its first endpoints. One that was opened for them and refuses is given up for another, once, if no phone knows of it. */
  async #begun(prepare: (room: StagedRoom) => Promise<unknown>, untold = () => true): Promise<StagedRoom> {
    const opened = !this.hasRoom;
    const room = await this.#preparedRoom();
    try {
      await prepare(room);
      return room;
    } catch (error) {
      if (!opened || !untold() || !this.#holds(room) || !isOfMedia(error)) throw error;
      this.#closeRoom();
      this.#assertUp();
      const other = await this.#preparedRoom().catch(() => {
        throw error;
      });
      await prepare(other);
      return other;
    }
  }

  async #preparedRoom(): Promise<StagedRoom> {
    if (this.#media.flow !== 'direct') return this.#media.room;
    let room: StagedRoom | undefined = undefined;
    let lostAtOnce: string | undefined;
    const lost = (reason: string) => {
      if (room === undefined) lostAtOnce = reason;
      else this.#lost(room, reason);
    };
    room = new StagedRoom(await this.#ports.media.openRoom(this.call.id, lost));
    if (lostAtOnce !== undefined) {
      await room.close();
      throw new EarpieceError('unavailable', lostAtOnce);
    }
    this.#media = { flow: 'prepared', room };
    return room;
  }

  async #prepareParties(room: StagedRoom): Promise<void> {
    if (this.#media.flow === 'anchored') return;
    await all(
      legIds(this.call).map(async (legId) => {
        if (room.has(legId)) return;
        await room.prepare(legId, this.#ports.signalling.remoteDescription(legId));
      }),
    );
  }

  /**
   * Waits until everybody sits in the room and all that may be heard is confirmed. Where that fails before the parties were
   * told, their endpoints go: nothing of ours may sound beside what the phones send each other.
   */
  async #seat(room: StagedRoom, arrival?: Arrival): Promise<void> {
    try {
      await this.#prepareParties(room);
      const moving = this.#media.flow === 'anchored' ? [] : legIds(this.call);
      const seats = arrival === undefined ? moving : [...moving, arrival.supervisor.member];
      const admitted = all(seats.map((member) => room.admit(member)));
      // At the same time: who hears whom does not hang on where phones are, and either takes as long as the other. The parties'
      // endpoints send to where their phones are before those are told: a packet that comes early has somewhere to go.
      const aimed = all(moving.map((legId) => room.aim(legId, this.#ports.signalling.remoteDescription(legId))));
      await all([
        aimed,
        this.#describe(room, arrival),
        admitted.then(() => this.#arrangeWith(room, arrival?.supervisor)),
      ]);
      this.#assertHeld(room);
    } catch (error) {
      if (this.#media.flow === 'prepared') await room.dismissParties(legIds(this.call));
      throw error;
    }
  }

  /** Where the phone is of the supervisor that comes. */
  async #describe(room: StagedRoom, arrival: Arrival | undefined): Promise<void> {
    if (arrival === undefined) return;
    try {
      await room.describe(arrival.supervisor.member, arrival.answer);
    } catch (error) {
      throw NoCommonCodec.of("the supervisor's phone", error);
    }
  }

  async #arrangeWith(room: StagedRoom, supervisor: Supervisor | undefined): Promise<void> {
    this.#assertHeld(room);
    if (supervisor !== undefined) {
      if (!this.#operations.has(supervisor.member)) throw new EarpieceError('invalid-state', 'the supervisor has left');
      this.#expected.delete(supervisor.member);
      this.#supervisors.set(supervisor.member, supervisor);
    }
    await this.#arrange(room);
  }

  /**
   * Moves the parties' media into the room. The two re-INVITEs go out together, so that each side loses as little as possible.
   * When one of them refuses, both go back to where they were.
   */
  async #moveParties(room: StagedRoom): Promise<void> {
    if (this.#media.flow === 'anchored') return;
    this.#media = { flow: 'anchored', room };
    try {
      await all(legIds(this.call).map((legId) => this.#move(room, legId)));
    } catch (error) {
      await this.#moveBack(room);
      throw error;
    }
    this.#listener.roomOpened();
  }

  async #move(room: StagedRoom, legId: LegId): Promise<void> {
    try {
      const answer = await this.#ports.signalling.offer(legId, room.offerOf(legId)).catch(refusedByPhone);
      await room.describe(legId, answer);
    } catch (error) {
      const agents = [...this.#supervisors.values()].map(({ agent }) => agent);
      throw NoCommonCodec.of(phoneOf(this.call, legId, agents), error);
    }
  }

  async #moveBack(room: StagedRoom): Promise<void> {
    if (!(await this.#reconnected()) || !this.#holds(room)) return;
    this.#media = { flow: 'prepared', room };
    await room.dismissParties(legIds(this.call));
  }

  async #release(): Promise<void> {
    const moved = this.#media.flow === 'anchored' || this.#media.flow === 'returning';
    if (moved && !(await this.#reconnected())) return;
    this.#closeRoom(moved);
  }

  /**
   * Connects the parties directly, unless they have hung up. Whoever refuses is asked again by and by, and the room stays for
   * it as long as there is one: what it hears, it hears there.
   */
  async #reconnected(): Promise<boolean> {
    if (this.#ended) return true;
    const [caller, callee] = parties(this.call);
    try {
      await this.#ports.signalling.connectDirectly(caller.legId, callee.legId);
      return true;
    } catch (error) {
      if (this.#media.flow !== 'direct') this.#media = { ...this.#media, flow: 'returning' };
      this.#listener.reconnectFailed(EarpieceError.from(error));
      return this.ended;
    }
  }

  /** Whoever comes next does not wait for the room to be closed: a busy server takes seconds to end its channels. */
  #closeRoom(released = false): void {
    if (this.#media.flow === 'direct') return;
    const { room } = this.#media;
    this.#media = { flow: 'direct' };
    const closed = room.close().then(() => {
      if (released) this.#listener.roomReleased();
    });
    this.#closed = Promise.all([this.#closed, closed]);
  }

  #lost(room: StagedRoom, reason: string): void {
    if (this.#media.flow === 'direct' || this.#media.room !== room || this.#ended) return;
    const { flow, room: lost } = this.#media;
    this.#always = false;
    this.#media = { flow: 'direct' };
    this.#supervisors.clear();
    this.#expected.clear();
    // The parties first: what is left of the supervisors is only tidying up.
    if (flow !== 'prepared') void this.#queue.run(() => this.#reconnected());
    void lost.close();
    this.#listener.roomLost(reason);
  }

  #holds(room: StagedRoom): boolean {
    return this.#media.flow !== 'direct' && this.#media.room === room;
  }

  /** Before something is taken for true of a room, or asked of it: it may have been lost while we waited. */
  #assertHeld(room: StagedRoom): void {
    if (!this.#holds(room)) throw new EarpieceError('unavailable', 'the room was lost');
  }

  #roomOrThrow(): StagedRoom {
    if (this.#media.flow === 'direct') throw new EarpieceError('unavailable', 'the call has no room');
    return this.#media.room;
  }

  #assertUp(): void {
    if (this.#ended) throw new EarpieceError('not-found', 'the call is over');
  }
}
