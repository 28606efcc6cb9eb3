import { Audience } from './audience.ts';
import { FRAME_MS, FRAME_SAMPLES, SAMPLES_PER_MS } from './frame.ts';
import type { MemberFlags, Played, PlayOutcome } from './media.ts';
import type { RoomRecorder, Voice } from './room-recorder.ts';
import type { Sound } from './sound.ts';

/** What a room needs of its members. */
export interface RoomMember extends Voice {
  /** Look anew at who is to be heard. */
  refresh(): void;
}

/** Something played into a room, for all of it or one member. */
export class Announcement<Member> {
  readonly id: number;
  readonly sound: Sound;
  readonly member: Member | undefined;
  readonly #startedAt = performance.now();

  constructor(id: number, sound: Sound, member: Member | undefined) {
    this.id = id;
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
  readonly #loading = new Set<number>();
  /** By the path of the file. */
  readonly recorders = new Map<string, RoomRecorder<Member>>();

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

  /** Whom a recorder hears: whatever relations say, everybody who may speak. */
  speakers(): Member[] {
    return [...this.#audience.members].filter((member) => this.#audience.speaks(member));
  }

  record(path: string, recorder: RoomRecorder<Member>): void {
    this.recorders.set(path, recorder);
    recorder.refresh();
  }

  *announcementsFor(listener: Member): Iterable<Announcement<Member>> {
    if (this.#audience.deaf(listener)) return;
    for (const announcement of this.#announcements.keys()) {
      if (announcement.member === undefined || announcement.member === listener) yield announcement;
    }
  }

  async play(id: number, loading: Promise<Sound>, member: Member | undefined): Promise<Played> {
    this.#loading.add(id);
    const sound = await loading.catch((error: unknown) => {
      this.#loading.delete(id);
      throw error;
    });
    const wanted = this.#loading.delete(id);
    if (member && !this.#audience.has(member)) throw new Error('not a member of the mix');
    if (!wanted) return { outcome: 'stopped', samples: 0 };
    const announcement = new Announcement(id, sound, member);
    return new Promise((resolve) => {
      const length = sound.samples / SAMPLES_PER_MS;
      const timer = Number.isFinite(length)
        ? setTimeout(() => end('done'), Math.min(LONGEST_TIMER_MS, length + FRAME_MS))
        : undefined;
      const end = (outcome: PlayOutcome): void => {
        clearTimeout(timer);
        this.#announcements.delete(announcement);
        this.#refresh();
        resolve({ outcome, samples: Math.min(sound.samples, announcement.placeAt(performance.now())) });
      };
      this.#announcements.set(announcement, end);
      this.#refresh();
    });
  }

  /** Without an id, everything; what is still loading is not played then. */
  stopPlayback(id?: number): void {
    if (id === undefined) this.#loading.clear();
    else this.#loading.delete(id);
    for (const [announcement, end] of [...this.#announcements]) {
      if (id === undefined || announcement.id === id) end('stopped');
    }
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
    for (const recorder of this.recorders.values()) recorder.refresh();
  }
}
