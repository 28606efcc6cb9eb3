import { setTimeout as delay } from 'node:timers/promises';
import type { MemberId, Step } from '../coaching/audibility.ts';
import type { CallId } from '../coaching/call.ts';
import { EarpieceError } from '../coaching/errors.ts';
import type { Sdp } from '../coaching/leg.ts';
import type { Room } from '../coaching/ports.ts';
import { all } from '../coaching/serial.ts';
import type { Logger } from '../log.ts';
import { type ConferenceStep, entryDeafAndMute } from './conference-command.ts';
import { conferenceName } from './conference-name.ts';
import { takeStep } from './conference.ts';
import { Doorway } from './doorway.ts';
import type { FreeSwitch } from './freeswitch.ts';
import { Member } from './member.ts';

/**
 * How long the mixer may take with what the parties said last before their phones turned away from it, ms. The embedded
 * one needs 20 and less, FreeSWITCH 1.10.12 up to 43, and 100 and more once bursts of late packets have filled its buffers, which
 * never shrink. Without this every third release cut a frame off; with 60, every second on a machine that was too busy (measured).
 */
const LAST_WORDS_MS = 150;

export interface RoomOptions {
  readonly callId: CallId;
  /** The process whose room it is, and what keeps the conference apart from an earlier one of the same call. */
  readonly instance: string;
  readonly suffix: string;
  readonly conferenceProfile: string;
  /** ms between a confirmed mute and the end of a channel, at least 60 (see {@link Member.leave}). */
  readonly settleMs: number;
  readonly onLost: (reason: string) => void;
  /**
   * Called when supervisors stay on a server that says nothing any more. `end` ends them; it is for whoever has connected to it again
   * and cleared what was left there.
   */
  readonly onStaying: (end: () => Promise<void>) => void;
  /** Called once, when nothing of the room is left but who stays. */
  readonly onClosed: () => void;
}

/** How somebody was taken out: FreeSWITCH has said something to it, or nothing; or they are not out. */
type Parting = 'answered' | 'silence' | 'stays';

/** Where the life of a room stands. `lost`: the server or a member is gone that was not dismissed. */
type Life = 'open' | 'lost' | 'closed';

/** A conference of FreeSWITCH, one per call. Nobody but us may put anyone into it. */
export class ConferenceRoom implements Room {
  readonly conference: string;
  readonly #freeswitch: FreeSwitch;
  readonly #options: RoomOptions;
  readonly #log: Logger;
  readonly #members = new Map<MemberId, Member>();
  readonly #doorway = new Doorway();
  #life: Life = 'open';
  #closing: Promise<void> | undefined;

  constructor(freeswitch: FreeSwitch, options: RoomOptions, log: Logger) {
    this.#freeswitch = freeswitch;
    this.#options = options;
    this.conference = conferenceName(options);
    this.#log = log.child({ callId: options.callId, conference: this.conference });
  }

  async prepare(id: MemberId, remote: Sdp | undefined): Promise<Sdp> {
    this.#assertOpen();
    if (this.#members.has(id)) throw new EarpieceError('invalid-state', 'the member has an endpoint already');
    const entrance = entryDeafAndMute(this.conference, this.#options.conferenceProfile);
    const member = new Member(this.#freeswitch, remote, entrance, this.#doorway);
    this.#members.set(id, member);
    try {
      const offer = await member.offer();
      this.#watch(id, member);
      return offer;
    } catch (error) {
      // What failed may have been more than its channel, which stands then.
      await this.#takeOut(id);
      throw error;
    }
  }

  async aim(id: MemberId, remote: Sdp): Promise<Sdp> {
    return this.#member(id).aim(remote);
  }

  async describe(id: MemberId, remote: Sdp): Promise<Sdp> {
    return this.#member(id).describe(remote);
  }

  admit(id: MemberId): Promise<void> {
    return this.#member(id).admit();
  }

  async apply(steps: readonly Step[]): Promise<void> {
    await all(steps.map((step) => this.#apply(step)));
  }

  async dismiss(id: MemberId): Promise<void> {
    await this.#takeOut(id);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Resolves with whether FreeSWITCH has said anything to it. Who `stays` is a member still. */
  async #takeOut(id: MemberId): Promise<Parting> {
    const member = this.#members.get(id);
    if (member === undefined) return 'answered';
    const mute = () => this.#mute(member, this.#freeswitch.limits.setupTimeoutMs);
    const { settleMs } = this.#options;
    let parting: Parting = 'answered';
    try {
      const outcome = await member.leave({ settleMs, mute, isOver: () => this.#freeswitch.isOver });
      if (outcome === 'stays') return 'stays';
    } catch (cause) {
      const error = EarpieceError.from(cause);
      if (error.code === 'timeout') parting = 'silence';
      // The server is gone with all its channels: there is nothing to say beyond what was said of that.
      const level = this.#life === 'lost' ? 'debug' : 'warn';
      this.#log[level]({ member: id, err: error }, 'member left without confirmation');
    }
    if (this.#members.get(id) === member) this.#members.delete(id);
    return parting;
  }

  /** The server is gone, and every member with it. */
  lose(reason: string): void {
    if (this.#life !== 'open') return;
    this.#life = 'lost';
    this.#log.error({ reason }, 'room lost');
    this.#options.onLost(reason);
  }

  /**
   * Lets the last words through, then takes everyone out at once; a supervisor's channel ends once its mute has settled. Parties
   * have nothing to wait for: their phones talk to each other by now, and every packet more from here would be in the way. The
   * conference ends with its last member.
   */
  async #close(): Promise<void> {
    if (this.#life === 'open') {
      this.#life = 'closed';
      await delay(LAST_WORDS_MS);
    }
    const partings = await Promise.all([...this.#members.keys()].map((id) => this.#takeOut(id)));
    if (this.#members.size > 0) await this.#leaveBehind(partings.includes('silence'));
    this.#options.onClosed();
  }

  /**
   * The parties are gone from a server that we lost, as far as it has listened; who stays was heard there and could not be muted. If it
   * is dead, or only its event socket was, they can go now. One that is frozen does what it was told when it wakes up, all at once
   * and with everyone in their places: there they stay, to be muted by whoever connects to it again and clears what was left.
   */
  async #leaveBehind(silence: boolean): Promise<void> {
    const staying = [...this.#members.values()];
    this.#members.clear();
    // Nothing depends on their end any more, and nobody could be told of it.
    const end = async (): Promise<void> => {
      await Promise.allSettled(staying.map((member) => member.end()));
    };
    if (silence) this.#options.onStaying(end);
    else await delay(this.#options.settleMs).then(end);
  }

  async #apply(step: Step): Promise<void> {
    switch (step.type) {
      case 'separate':
      case 'reunite': {
        const [speaker, listener] = [this.#present(step.speaker), this.#present(step.listener)];
        if (step.type === 'separate') speaker.keptApart();
        const pair = { type: step.type, speaker: speaker.conferenceId, listener: listener.conferenceId };
        return this.#take(pair, [speaker, listener]);
      }
      case 'mute':
        return this.#mute(this.#present(step.member));
      case 'unmute':
        this.#present(step.member).mouthMayOpen();
        break;
      case 'deafen':
      case 'undeafen':
        break;
    }
    const member = this.#present(step.member);
    return this.#take({ type: step.type, member: member.conferenceId }, [member]);
  }

  async #mute(member: Member, limitMs?: number): Promise<void> {
    await this.#take({ type: 'mute', member: member.conferenceId }, [], limitMs);
    member.mouthIsShut();
  }

  /** `limitMs`: for each answer, ms. */
  #take(step: ConferenceStep, of: readonly Member[], limitMs?: number): Promise<void> {
    const wanted = () => !of.some((member) => member.leaving);
    return takeStep((command) => this.#freeswitch.api(command, limitMs), this.conference, step, wanted);
  }

  #watch(id: MemberId, member: Member): void {
    void member.gone().then((reason) => {
      if (!member.leaving && this.#members.get(id) === member) this.lose(`a member is gone: ${reason}`);
    });
  }

  #member(id: MemberId): Member {
    this.#assertOpen();
    const member = this.#members.get(id);
    if (member === undefined) throw new EarpieceError('not-found', 'there is no such member');
    return member;
  }

  /** For the steps of isolation, where somebody who is not there is as bad as somebody who does not obey. */
  #present(id: MemberId): Member {
    const member = this.#members.get(id);
    if (member === undefined || this.#life !== 'open') {
      throw new EarpieceError('isolation-lost', 'the member is not in the room');
    }
    return member;
  }

  #assertOpen(): void {
    if (this.#life !== 'open') throw new EarpieceError('unavailable', `the room is ${this.#life}`);
  }
}
