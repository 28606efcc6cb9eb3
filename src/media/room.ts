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
import type { FreeSwitch } from './freeswitch.ts';
import { Member } from './member.ts';

/**
 * How long the mixer may take with what the parties said last before their phones turned away from it, ms. The embedded
 * one needs 20 and less, FreeSWITCH 1.10.12 up to 43, and 100 and more once bursts of late packets have filled its buffers, which
 * never shrink. Without this every third release cut a frame off; with 60, every second on a machine that was too busy (measured).
 */
const LAST_WORDS_MS = 150;

/**
 * How long a server that does not answer may still do what it was told, ms: drachtio repeats a BYE for 32 s (Timer F), and what
 * waits in the sockets of a frozen process is done when it wakes up.
 */
const STILL_DOES_MS = 33_000;

export interface RoomOptions {
  readonly callId: CallId;
  /** The process whose room it is, and what keeps the conference apart from an earlier one of the same call. */
  readonly instance: string;
  readonly suffix: string;
  readonly conferenceProfile: string;
  /** ms between a confirmed mute and the end of a channel, at least 60 (see {@link Member.leave}). */
  readonly settleMs: number;
  readonly onLost: (reason: string) => void;
  /** Called once, when nothing of the room is left. */
  readonly onClosed: () => void;
}

/** Where the life of a room stands. `lost`: the server or a member is gone that was not dismissed. */
type Life = 'open' | 'lost' | 'closed';

/** A conference of FreeSWITCH, one per call. Nobody but us may put anyone into it. */
export class ConferenceRoom implements Room {
  readonly conference: string;
  readonly #freeswitch: FreeSwitch;
  readonly #options: RoomOptions;
  readonly #log: Logger;
  readonly #members = new Map<MemberId, Member>();
  /** Those whose phones are called for this room: what they can do is not known when their endpoint is made. */
  readonly #supervisors = new Set<MemberId>();
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
    const member = new Member(this.#freeswitch, remote, entrance);
    this.#members.set(id, member);
    if (remote === undefined) this.#supervisors.add(id);
    try {
      const offer = await member.offer();
      this.#watch(id, member);
      return offer;
    } catch (error) {
      this.#members.delete(id);
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

  /** Resolves with whether FreeSWITCH has said anything to it. */
  async #takeOut(id: MemberId): Promise<'answered' | 'silence'> {
    let outcome: 'answered' | 'silence' = 'answered';
    const member = this.#members.get(id);
    if (member === undefined) return outcome;
    try {
      await member.leave(
        this.#options.settleMs,
        () => this.#mute(member),
        () => this.#nobodyEnters(),
      );
    } catch (cause) {
      const error = EarpieceError.from(cause);
      if (error.code === 'timeout') outcome = 'silence';
      // The server is gone with all its channels: there is nothing to say beyond what was said of that.
      const level = this.#life === 'lost' ? 'debug' : 'warn';
      this.#log[level]({ member: id, err: error }, 'member left without confirmation');
    }
    if (this.#members.get(id) === member) this.#members.delete(id);
    return outcome;
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
    if (this.#life === 'lost') await this.#leaveLost();
    else await this.#takeOutAll([...this.#members.keys()]);
    this.#options.onClosed();
  }

  /**
   * Of a room that was lost the parties leave first: nobody can be muted in it, and a supervisor that leaves unmuted is heard for a
   * frame by whoever is still there. A server that is frozen does what it was told when it wakes up, all at once and with everyone
   * in their places; there the supervisors stay, to be muted by whoever connects to it again and clears what was left.
   */
  async #leaveLost(): Promise<void> {
    const members = [...this.#members.keys()];
    const supervisors = members.filter((id) => this.#supervisors.has(id));
    const parties = members.filter((id) => !this.#supervisors.has(id));
    const outcomes = await this.#takeOutAll(parties);
    if (!outcomes.includes('silence')) await this.#takeOutAll(supervisors);
    else void delay(STILL_DOES_MS, undefined, { ref: false }).then(() => this.#takeOutAll(supervisors));
  }

  #takeOutAll(ids: readonly MemberId[]): Promise<('answered' | 'silence')[]> {
    return Promise.all(ids.map((id) => this.#takeOut(id)));
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

  async #mute(member: Member): Promise<void> {
    await this.#take({ type: 'mute', member: member.conferenceId }, []);
    member.mouthIsShut();
  }

  #take(step: ConferenceStep, of: readonly Member[]): Promise<void> {
    const wanted = () => !of.some((member) => member.leaving);
    return takeStep((command) => this.#freeswitch.api(command), this.conference, step, wanted);
  }

  /**
   * A conference ends with its last member, and hangs up whoever enters at that moment (FreeSWITCH 1.10.12, at the end of
   * conference_thread_run): once in 600 visits, when a supervisor was taken out before the parties' endpoints had come in.
   */
  async #nobodyEnters(): Promise<void> {
    await Promise.all([...this.#members.values()].map((member) => member.settledIn()));
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
