import { Audience } from './audience.ts';
import { FRAME_MS, FRAME_SAMPLES, SAMPLES_PER_MS } from './frame.ts';
import type { MemberFlags, PlayOutcome } from './media.ts';
import type { Sound } from './sound.ts';

/** What a room needs of its members. */
export interface RoomMember {
  /** Look anew at who is to be heard. */
  refresh(): void;
}

/** Something played into a room, for all of it or one member. */
export class Announcement<Member> {
  readonly sound: Sound;
  readonly member: Member | undefined;
  readonly #startedAt = performance.now();

  constructor(sound: Sound, member: Member | undefined) {
    this.sound = sound;
    this.member = member;
  }

  /** Where one who begins to listen at `now` (ms) comes in. */
  placeAt(now: number): number {
    return Math.floor((now - this.#startedAt) / FRAME_MS) * FRAME_SAMPLES;
  }
}

/** The longest a timer can be set to, ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** One conference: its members, who hears whom, and what is played to them. */
export class Room<Member extends RoomMember> {
  readonly id: string;
  readonly #audience = new Audience<Member>();
  readonly #announcements = new Map<Announcement<Member>, (outcome: PlayOutcome) => void>();

  /** Goes up with every stop: what was still loading then is not played. */
  #stopTurn = 0;

  constructor(id: string) {
    this.id = id;
  }

  enter(member: Member, flags: MemberFlags): void {
    this.#audience.enter(member, flags);
    this.#refresh();
  }

  leave(member: Member): void {
    this.#audience.leave(member);
    for (const [announcement, end] of this.#announcements) if (announcement.member === member) end('stopped');
    this.#refresh();
  }

  set(member: Member, flags: Partial<MemberFlags>): void {
    this.#audience.set(member, flags);
    this.#refresh();
  }

  relate(speaker: Member, listener: Member, hears: boolean): void {
    this.#audience.relate(speaker, listener, hears);
    this.#refresh();
  }

  /** Members change how they send or receive. */
  changed(): void {
    this.#refresh();
  }

  /** Whom `listener` hears. */
  *heardBy(listener: Member): Iterable<Member> {
    for (const speaker of this.#audience.members) if (this.#audience.hears(listener, speaker)) yield speaker;
  }

  *announcementsFor(listener: Member): Iterable<Announcement<Member>> {
    if (this.#audience.deaf(listener)) return;
    for (const announcement of this.#announcements.keys()) {
      if (announcement.member === undefined || announcement.member === listener) yield announcement;
    }
  }

  async play(loading: Promise<Sound>, member: Member | undefined): Promise<PlayOutcome> {
    const turn = this.#stopTurn;
    const sound = await loading;
    if (member && !this.#audience.has(member)) throw new Error('not a member of the mix');
    if (turn !== this.#stopTurn) return 'stopped';
    const announcement = new Announcement(sound, member);
    return new Promise((resolve) => {
      const length = sound.samples / SAMPLES_PER_MS;
      const timer = Number.isFinite(length)
        ? setTimeout(() => end('done'), Math.min(LONGEST_TIMER_MS, length + FRAME_MS))
        : undefined;
      const end = (outcome: PlayOutcome): void => {
        clearTimeout(timer);
        this.#announcements.delete(announcement);
        this.#refresh();
        resolve(outcome);
      };
      this.#announcements.set(announcement, end);
      this.#refresh();
    });
  }

  stopPlayback(): void {
    this.#stopTurn++;
    for (const end of [...this.#announcements.values()]) end('stopped');
  }

  /** Everybody out; @returns who was in */
  close(): Member[] {
    this.stopPlayback();
    const members = [...this.#audience.members];
    for (const member of members) this.#audience.leave(member);
    return members;
  }

  #refresh(): void {
    for (const member of this.#audience.members) member.refresh();
  }
}
