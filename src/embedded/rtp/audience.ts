/** Who hears whom in one mix. Pure; the tick asks it for nothing: readers are made and dropped when it changes. */
import type { MemberFlags } from './media.ts';

export class Audience<Member> {
  readonly #members = new Map<Member, { mute: boolean; deaf: boolean }>();
  /** speaker → listeners that must not hear it */
  readonly #blocked = new Map<Member, Set<Member>>();

  get members(): Iterable<Member> {
    return this.#members.keys();
  }

  has(member: Member): boolean {
    return this.#members.has(member);
  }

  enter(member: Member, { mute, deaf }: MemberFlags): void {
    this.#members.set(member, { mute, deaf });
  }

  /** Takes the member's relations along, on both sides: they would otherwise hold for whoever comes back under its name. */
  leave(member: Member): void {
    this.#members.delete(member);
    this.#blocked.delete(member);
    for (const listeners of this.#blocked.values()) listeners.delete(member);
  }

  set(member: Member, flags: Partial<MemberFlags>): void {
    Object.assign(this.#flagsOf(member), flags);
  }

  /** @throws when one of the two is no member */
  relate(speaker: Member, listener: Member, hears: boolean): void {
    this.#flagsOf(speaker);
    this.#flagsOf(listener);
    const listeners = this.#blocked.get(speaker) ?? new Set();
    if (hears) listeners.delete(listener);
    else listeners.add(listener);
    this.#blocked.set(speaker, listeners);
  }

  speaks(member: Member): boolean {
    return this.#members.get(member)?.mute === false;
  }

  deaf(listener: Member): boolean {
    return this.#members.get(listener)?.deaf ?? true;
  }

  hears(listener: Member, speaker: Member): boolean {
    const mouth = this.#members.get(speaker);
    const ears = this.#members.get(listener);
    if (!mouth || !ears || speaker === listener) return false;
    return !mouth.mute && !ears.deaf && !this.#blocked.get(speaker)?.has(listener);
  }

  #flagsOf(member: Member): { mute: boolean; deaf: boolean } {
    const flags = this.#members.get(member);
    if (!flags) throw new Error('not a member of the mix');
    return flags;
  }
}
