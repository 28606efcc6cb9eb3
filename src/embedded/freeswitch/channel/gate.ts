import type { MediaStream, MemberFlags, Mix } from '../../rtp/engine.ts';

/**
 * A channel's mouth and ears in a mix. Two may close them, its conference (`mute`, `deaf`) and the leg itself (`set_mute`,
 * `uuid_audio`); they are open only while neither does, so that opening by one never undoes what the other closed.
 */
export class Gate {
  readonly #stream: MediaStream;
  #leg: MemberFlags = { mute: false, deaf: false };
  #conference: MemberFlags | undefined;

  constructor(stream: MediaStream) {
    this.#stream = stream;
  }

  /** Enters a mix; what the leg closed stays closed. */
  join(mix: Mix, flags: MemberFlags): Promise<void> {
    this.#conference = flags;
    return this.#stream.join(mix, this.#closed());
  }

  leave(): Promise<void> {
    this.#conference = undefined;
    return this.#stream.leave();
  }

  /** The conference's word; of no effect outside of one. */
  async member(flags: Partial<MemberFlags>): Promise<void> {
    if (this.#conference === undefined) return;
    this.#conference = { ...this.#conference, ...flags };
    await this.#apply(flags);
  }

  /** The leg's own word, which holds for every conference it will be in. */
  async leg(flags: Partial<MemberFlags>): Promise<void> {
    this.#leg = { ...this.#leg, ...flags };
    if (this.#conference !== undefined) await this.#apply(flags);
  }

  async #apply(changed: Partial<MemberFlags>): Promise<void> {
    const { mute, deaf } = this.#closed();
    await Promise.all([
      changed.mute === undefined ? undefined : this.#stream.setMute(mute),
      changed.deaf === undefined ? undefined : this.#stream.setDeaf(deaf),
    ]);
  }

  #closed(): MemberFlags {
    return {
      mute: this.#leg.mute || this.#conference?.mute === true,
      deaf: this.#leg.deaf || this.#conference?.deaf === true,
    };
  }
}
