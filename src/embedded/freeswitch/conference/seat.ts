import type { MediaStream, MemberFlags, Mix } from '../../rtp/engine.ts';
import type { Gate } from '../channel/gate.ts';
import type { JoinFlag } from './join-request.ts';
import type { ChannelHandle } from '../channel/handle.ts';

/**
 * How far the mixer knows a member: not at all; muted and deaf until its relations are told; in full. What the mixer does
 * not know yet is taken from the roster when it is told.
 */
type Stage = 'outside' | 'silent' | 'inside';

/** Where a member is sent, and as what it comes there. */
export interface Onward {
  /** `name[@profile]` */
  readonly conference: string;
  readonly flags: ReadonlySet<JoinFlag>;
}

/** A channel's place in a conference, from the moment it is a member until it is out of the mix. */
export class Seat {
  readonly channel: ChannelHandle;
  /** Resolves when the member is out of the mix. */
  readonly left: Promise<void>;
  readonly #out = new AbortController();
  readonly #signal: AbortSignal;
  readonly #dismiss = (): void => this.dismiss();
  #tellLeft = (): void => undefined;
  #stage: Stage = 'outside';
  onward: Onward | undefined;

  /** @param signal aborted when the channel has to leave for reasons of its own */
  constructor(channel: ChannelHandle, signal: AbortSignal) {
    this.channel = channel;
    this.left = new Promise((resolve) => (this.#tellLeft = resolve));
    this.#signal = signal;
    signal.addEventListener('abort', this.#dismiss, { once: true });
    if (signal.aborted) this.dismiss();
  }

  /** Aborted when the member has to go. */
  get out(): AbortSignal {
    return this.#out.signal;
  }

  /** The stream, once the mixer may be told relations of it. */
  get related(): MediaStream | undefined {
    return this.#stage === 'outside' ? undefined : this.channel.media;
  }

  /** Mouth and ears, once the mixer has got them from the roster. */
  get gate(): Gate | undefined {
    return this.#stage === 'inside' ? this.channel.gate : undefined;
  }

  send(onward: Onward): void {
    this.onward = onward;
    this.dismiss();
  }

  dismiss(): void {
    this.#out.abort();
  }

  /** Enters the mix as the roster has it at this moment. */
  async enter(mix: Mix, flags: MemberFlags): Promise<void> {
    this.#stage = 'inside';
    await this.channel.gate.join(mix, flags);
  }

  /** Enters the mix muted and deaf; `tell` tells its relations, then it is opened as `flags` has it by then. */
  async enterSilent(mix: Mix, tell: () => Promise<void>, flags: () => MemberFlags): Promise<void> {
    this.#stage = 'silent';
    await this.channel.gate.join(mix, { mute: true, deaf: true });
    await tell();
    this.#stage = 'inside';
    await this.channel.gate.member(flags());
  }

  async leave(): Promise<void> {
    this.#signal.removeEventListener('abort', this.#dismiss);
    await this.channel.gate.leave();
  }

  /** The member is out, and its conference has said so. */
  tellLeft(): void {
    this.#tellLeft();
  }
}
