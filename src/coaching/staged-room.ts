import {
  after,
  type Audibility,
  departed,
  EMPTY_STAGE,
  type MemberId,
  plan,
  type Stage,
  type Step,
} from './audibility.ts';
import { EarpieceError } from './errors.ts';
import type { Sdp } from './leg.ts';
import type { Room } from './ports.ts';

/** Steps after which somebody may hear more than before. */
const GRANTS: ReadonlySet<Step['type']> = new Set(['unmute', 'undeafen', 'reunite']);

/** A room together with what is known of it: who is in it, and how it has confirmed to be set. */
export class StagedRoom {
  readonly #room: Room;
  readonly #offers = new Map<MemberId, Sdp>();
  readonly #seated = new Set<MemberId>();
  #stage: Stage = EMPTY_STAGE;

  constructor(room: Room) {
    this.#room = room;
  }

  has(member: MemberId): boolean {
    return this.#offers.has(member);
  }

  /** What the member's endpoint says of its media. Throws `not-found`. */
  offerOf(member: MemberId): Sdp {
    const offer = this.#offers.get(member);
    if (offer === undefined) throw new EarpieceError('not-found', 'no endpoint has been prepared for this member');
    return offer;
  }

  async prepare(member: MemberId, remote: Sdp | undefined): Promise<Sdp> {
    const offer = await this.#room.prepare(member, remote);
    this.#offers.set(member, offer);
    return offer;
  }

  async aim(member: MemberId, remote: Sdp): Promise<void> {
    this.#offers.set(member, await this.#room.aim(member, remote));
  }

  async describe(member: MemberId, remote: Sdp): Promise<Sdp> {
    const local = await this.#room.describe(member, remote);
    this.#offers.set(member, local);
    return local;
  }

  /** Takes the member in, deaf and mute; one that sits there already stays as it is. */
  async admit(member: MemberId): Promise<void> {
    if (this.#seated.has(member)) return;
    await this.#room.admit(member);
    this.#seated.add(member);
  }

  /**
   * Makes `target` true, phase by phase. When a phase is not confirmed the room counts as set in the worst way: what was
   * to be granted as granted, what was to be revoked as not revoked.
   */
  async arrange(target: Audibility): Promise<void> {
    for (const phase of plan(this.#stage, target)) {
      try {
        await this.#room.apply(phase);
      } catch (error) {
        this.#stage = phase.filter((step) => GRANTS.has(step.type)).reduce(after, this.#stage);
        throw EarpieceError.from(error, 'isolation-lost');
      }
      this.#stage = phase.reduce(after, this.#stage);
    }
  }

  async dismiss(member: MemberId): Promise<void> {
    await this.#room.dismiss(member);
    this.#offers.delete(member);
    this.#seated.delete(member);
    this.#stage = departed(this.#stage, member);
  }

  async close(): Promise<void> {
    await this.#room.close();
    this.#offers.clear();
    this.#seated.clear();
    this.#stage = EMPTY_STAGE;
  }
}
