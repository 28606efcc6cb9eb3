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
import { all, Serial } from './serial.ts';

/** Steps after which somebody may hear more than before. */
const GRANTS: ReadonlySet<Step['type']> = new Set(['unmute', 'undeafen', 'reunite']);

/** A room together with what is known of it: who is in it, and how it has confirmed to be set. */
export class StagedRoom {
  readonly #room: Room;
  readonly #offers = new Map<MemberId, Sdp>();
  readonly #seated = new Set<MemberId>();
  /** Who hears whom is changed one at a time. It waits for no phone, and for nobody's departure: a mute must not. */
  readonly #arranging = new Serial();
  #stage: Stage = EMPTY_STAGE;

  constructor(room: Room) {
    this.#room = room;
  }

  has(member: MemberId): boolean {
    return this.#offers.has(member);
  }

  /** Whether the member is in the conversation. */
  seats(member: MemberId): boolean {
    return this.#seated.has(member);
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

  /** Takes the member in, deaf and mute, whatever was known of it before; one that sits there already stays as it is. */
  async admit(member: MemberId): Promise<void> {
    if (this.#seated.has(member)) return;
    await this.#room.admit(member);
    this.#stage = departed(this.#stage, member);
    this.#seated.add(member);
  }

  /**
   * Makes the target true that there is when its turn comes, phase by phase. When a phase is not confirmed the room counts as set in
   * the worst way: what was to be granted as granted, what was to be revoked as not revoked.
   */
  arrange(target: () => Audibility): Promise<void> {
    return this.#arranging.run(async () => {
      for (const phase of plan(this.#stage, target())) await this.#take(phase);
    });
  }

  /**
   * Takes a supervisor out. Others are arranged again as soon as it is confirmed to be deaf and mute: its departure takes longer by
   * far. Where that is not confirmed they wait until it is gone. Never rejects; twice is fine.
   */
  async dismiss(supervisor: MemberId): Promise<void> {
    await this.#arranging.run(async () => {
      if (!(await this.#silenced(supervisor))) await this.#room.dismiss(supervisor);
      this.#leaves(supervisor);
    });
    await this.#end(supervisor);
  }

  /** Takes the parties out, whose phones talk to each other by now: nobody is heard by them here, or hears them. Never rejects. */
  async dismissParties(parties: readonly MemberId[]): Promise<void> {
    await this.#arranging.run(() => {
      for (const party of parties) this.#leaves(party);
      return Promise.resolve();
    });
    await all(parties.map((party) => this.#end(party)));
  }

  async close(): Promise<void> {
    await this.#room.close();
    this.#offers.clear();
    this.#seated.clear();
    this.#stage = EMPTY_STAGE;
  }

  async #take(phase: readonly Step[]): Promise<void> {
    try {
      await this.#room.apply(phase);
    } catch (error) {
      this.#stage = phase.filter((step) => GRANTS.has(step.type)).reduce(after, this.#stage);
      throw EarpieceError.from(error, 'isolation-lost');
    }
    this.#stage = phase.reduce(after, this.#stage);
  }

  /** Makes the member deaf and mute; resolves with whether that is confirmed. */
  async #silenced(member: MemberId): Promise<boolean> {
    const { mouths, ears } = this.#stage;
    const phase: Step[] = [];
    if (mouths.has(member)) phase.push({ type: 'mute', member });
    if (ears.has(member)) phase.push({ type: 'deafen', member });
    if (phase.length === 0) return true;
    return this.#take(phase).then(
      () => true,
      () => false,
    );
  }

  /** From here no arrangement names the member any more. */
  #leaves(member: MemberId): void {
    this.#seated.delete(member);
    this.#stage = departed(this.#stage, member);
  }

  async #end(member: MemberId): Promise<void> {
    await this.#room.dismiss(member);
    this.#offers.delete(member);
  }
}
