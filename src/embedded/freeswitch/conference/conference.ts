import { randomUUID } from 'node:crypto';
import type { MemberFlags, Mix } from '../../rtp/engine.ts';
import { aborted } from '../channel/application.ts';
import type { ChannelHandle } from '../channel/handle.ts';
import { Announcer } from './announcer.ts';
import type { JoinFlag } from './join-request.ts';
import type { Caller, ListedConference } from './listing.ts';
import { Maintenance } from './maintenance.ts';
import { energyOf } from './profiles.ts';
import { ConferenceRecordings } from './recording.ts';
import type { Relation } from './relations.ts';
import {
  change,
  changedHearings,
  EMPTY,
  endsWith,
  type Hearing,
  join,
  leave,
  member,
  type MemberState,
  related,
  type Roster,
  standingHearings,
  unrelated,
} from './roster.ts';
import { type Onward, Seat } from './seat.ts';

export interface ConferenceParts {
  readonly name: string;
  readonly profile: string;
  readonly domain: string;
  readonly bus: ConstructorParameters<typeof Maintenance>[0];
  readonly mix: Promise<Mix>;
  /** Called when the last member has left: the name is free again at once. */
  readonly onEmpty: () => void;
}

/**
 * One conference. The roster is the truth and changes at once; the mixer is told in the same order and every method
 * resolves when it obeys, so that `+OK` means what it says. Nothing is ever subtracted from a mix: a listener gets the
 * sum of those it may hear, so nobody can leave a remainder of itself behind.
 */
export class Conference implements ListedConference {
  readonly name: string;
  readonly uuid = randomUUID() as string;
  readonly profile: string;
  readonly domain: string;
  readonly createdAt = Date.now();
  readonly announcer: Announcer;
  readonly recordings: ConferenceRecordings;
  readonly variables = new Map<string, string>();
  readonly #mix: Promise<Mix>;
  readonly #seats = new Map<number, Seat>();
  readonly events: Maintenance;
  readonly #onEmpty: () => void;
  #roster: Roster = EMPTY;
  #destroyed: Promise<void> | undefined;
  locked = false;
  /** 0: as many as want. */
  maxMembers = 0;

  constructor(parts: ConferenceParts) {
    this.name = parts.name;
    this.profile = parts.profile;
    this.domain = parts.domain;
    this.#mix = parts.mix;
    this.#onEmpty = parts.onEmpty;
    this.events = new Maintenance(parts.bus, this);
    this.announcer = new Announcer(this.#mix, this.events);
    this.recordings = new ConferenceRecordings(this.#mix, this.events);
    this.events.publish('conference-create');
  }

  get roster(): Roster {
    return this.#roster;
  }

  caller(of: MemberState): Caller {
    const channel = this.#seats.get(of.id)?.channel;
    return {
      uuid: channel?.uuid ?? '',
      channelName: channel?.name ?? '',
      callerIdName: channel?.caller.name ?? '',
      callerIdNumber: channel?.caller.number ?? '',
    };
  }

  channelOf(id: number): ChannelHandle | undefined {
    return this.#seats.get(id)?.channel;
  }

  /**
   * Sits in the conference until the signal, a kick or the conference's end; resolves when out of the mix.
   *
   * @returns where to go from here, if it was transferred
   */
  async attend(
    channel: ChannelHandle,
    id: number,
    flags: ReadonlySet<JoinFlag>,
    signal: AbortSignal,
  ): Promise<Onward | undefined> {
    const seat = new Seat(channel, signal);
    this.#sit(id, seat, flags);
    try {
      await this.#enterMix(id, seat);
      this.events.member('add-member', channel, id);
      this.#watchTalking(id);
      if (this.#roster.floor === undefined) this.#giveFloor(id, 'none');
      await aborted(seat.out);
    } finally {
      await this.#depart(id, seat);
    }
    return seat.onward;
  }

  async setCanSpeak(id: number, on: boolean): Promise<void> {
    this.#roster = change(this.#roster, id, { canSpeak: on, talking: false });
    await this.#seats.get(id)?.gate?.member({ mute: openings(member(this.#roster, id)).mute });
    this.tell(on ? 'unmute-member' : 'mute-member', id);
    this.#watchTalking(id);
  }

  async setCanHear(id: number, on: boolean): Promise<void> {
    this.#roster = change(this.#roster, id, { canHear: on });
    await this.#seats.get(id)?.gate?.member({ deaf: openings(member(this.#roster, id)).deaf });
    this.tell(on ? 'undeaf-member' : 'deaf-member', id);
  }

  /** @param level −4 … 4 */
  async setVolume(id: number, direction: 'in' | 'out', level: number): Promise<void> {
    this.#roster = change(this.#roster, id, direction === 'in' ? { volumeIn: level } : { volumeOut: level });
    await this.channelOf(id)?.media.setVolume(direction, level);
    this.tell(`volume-${direction}-member`, id, [['Volume-Level', String(level)]]);
  }

  setEnergy(id: number, level: number): void {
    this.#roster = change(this.#roster, id, { energy: level });
    this.tell('energy-level-member', id);
    this.#watchTalking(id);
  }

  /** @returns false when one of the two is not there */
  async relate(owner: number, other: number, relation: Relation): Promise<boolean> {
    return this.#rerelate(related(this.#roster, owner, other, relation), owner, other);
  }

  /** @returns false when the owner is not there */
  async unrelate(owner: number, other: number): Promise<boolean> {
    return this.#rerelate(unrelated(this.#roster, owner, other), owner, other);
  }

  /** Resolves when the member is out of the mix; its channel lives on. */
  async kick(id: number): Promise<void> {
    await this.#dismiss(id, 'kick-member');
  }

  /** Resolves when the member is out of the mix; its channel is being hung up. */
  async hup(id: number): Promise<void> {
    const channel = this.channelOf(id);
    await this.#dismiss(id, 'hup-member');
    void channel?.hangup();
  }

  setLocked(on: boolean): void {
    this.locked = on;
    this.events.publish(on ? 'lock' : 'unlock');
  }

  /** On hold a member neither speaks nor hears, whatever else is said of it. */
  async setHeld(id: number, on: boolean): Promise<void> {
    this.#roster = change(this.#roster, id, { held: on, talking: false });
    await this.#seats.get(id)?.gate?.member(openings(member(this.#roster, id)));
    this.tell(on ? 'hold-member' : 'unhold-member', id);
    this.#watchTalking(id);
  }

  /**
   * Sends a member to another conference, which it joins as it joined this one: a mute or deaf of meanwhile is forgotten
   * (measured on FreeSWITCH 1.10.12).
   */
  transfer(id: number, to: string): boolean {
    const channel = this.channelOf(id);
    if (channel === undefined) return false;
    this.tell('transfer', id, [
      ['Old-Conference-Name', this.name],
      ['New-Conference-Name', to],
    ]);
    const state = member(this.#roster, id);
    const seat = this.#seats.get(id);
    if (seat !== undefined && state !== undefined) seat.send({ conference: to, flags: state.flags });
    return true;
  }

  #sit(id: number, seat: Seat, flags: ReadonlySet<JoinFlag>): void {
    this.#seats.set(id, seat);
    void seat.left.then(seat.channel.media.onTalking((...told) => this.#talks(id, seat, ...told)));
    this.#roster = join(this.#roster, {
      id,
      canSpeak: !flags.has('mute'),
      canHear: !flags.has('deaf'),
      flags,
      volumeIn: 0,
      volumeOut: 0,
      energy: energyOf(this.profile),
      joinedAt: Date.now(),
      talking: false,
      lastTalking: undefined,
      currentEnergy: 0,
      held: false,
    });
  }

  /** Relations that others kept about this member hold before its first frame is heard. */
  async #enterMix(id: number, seat: Seat): Promise<void> {
    const mix = await this.#mix;
    const standing = standingHearings(this.#roster, id);
    const flags = (): MemberFlags => openings(member(this.#roster, id));
    if (standing.length === 0) await seat.enter(mix, flags());
    else await seat.enterSilent(mix, () => this.#tellMixer(standing), flags);
  }

  async #depart(id: number, seat: Seat): Promise<void> {
    const before = this.#roster;
    const departing = member(before, id);
    this.#roster = leave(before, id);
    this.#seats.delete(id);
    if (this.#roster.members.length === 0) this.#onEmpty();
    try {
      await seat.leave();
    } finally {
      if (before.floor === id) {
        this.events.publish('floor-change', [
          ['Old-ID', 'none'],
          ['New-ID', 'none'],
        ]);
      }
      this.events.member('del-member', seat.channel, id, departing);
      seat.tellLeft();
      this.#afterDeparture(before);
    }
  }

  #afterDeparture(before: Roster): void {
    const [newest] = this.#roster.members;
    if (newest === undefined) {
      this.#destroyed ??= this.#destroy();
      return;
    }
    if (this.#roster.floor === undefined) this.#giveFloor(newest.id, 'none');
    if (endsWith(before, this.#roster)) for (const seat of this.#seats.values()) seat.dismiss();
  }

  async #destroy(): Promise<void> {
    try {
      await this.recordings.close();
      await (await this.#mix).close();
    } catch {
      // An engine that is gone has taken its mixes along.
    }
    this.events.publish('conference-destroy');
  }

  async #dismiss(id: number, action: string): Promise<void> {
    const seat = this.#seats.get(id);
    if (seat === undefined) return;
    this.tell(action, id);
    seat.dismiss();
    await seat.left;
  }

  async #rerelate(next: Roster | undefined, owner: number, other: number): Promise<boolean> {
    if (next === undefined) return false;
    const changes = changedHearings(this.#roster, next, owner, other);
    this.#roster = next;
    await this.#tellMixer(changes);
    return true;
  }

  async #tellMixer(hearings: readonly Hearing[]): Promise<void> {
    const mix = await this.#mix;
    await Promise.all(
      hearings.map(async ({ speaker, listener, hears }) => {
        const [from, to] = [this.#seats.get(speaker)?.related, this.#seats.get(listener)?.related];
        // A relation towards someone who is not there is remembered and told when that one comes.
        if (from !== undefined && to !== undefined) await mix.relate(from, to, hears);
      }),
    );
  }

  /** Whoever may speak is listened to anew; that somebody talks is told when it begins and when it ends. */
  #watchTalking(id: number): void {
    const channel = this.channelOf(id);
    const state = member(this.#roster, id);
    if (channel === undefined || state === undefined) return;
    this.#roster = change(this.#roster, id, { talking: false });
    // Nobody waits for it: a stream that is closed by now talks no more.
    channel.media.watchTalking(openings(state).mute ? undefined : state.energy).catch(() => undefined);
  }

  #talks(id: number, seat: Seat, talking: boolean, energy: number): void {
    const state = member(this.#roster, id);
    // What was on its way when the member was muted is not true any more.
    if (state === undefined || this.#seats.get(id) !== seat || (talking && openings(state).mute)) return;
    if (state.talking === talking) return;
    this.#roster = change(this.#roster, id, { talking, currentEnergy: energy, lastTalking: Date.now() });
    this.tell(talking ? 'start-talking' : 'stop-talking', id);
  }

  #giveFloor(id: number, from: string): void {
    const channel = this.channelOf(id);
    if (channel === undefined) return;
    this.#roster = { ...this.#roster, floor: id };
    this.events.member('floor-change', channel, id, member(this.#roster, id), {
      before: [['Old-ID', from]],
      after: [['New-ID', String(id)]],
    });
  }

  /** Tells of one member, if it is there. */
  tell(action: string, id: number, extra: readonly (readonly [string, string])[] = []): void {
    const channel = this.channelOf(id);
    if (channel !== undefined) this.events.member(action, channel, id, member(this.#roster, id), { after: extra });
  }
}

function openings(state: MemberState | undefined): MemberFlags {
  return { mute: state?.canSpeak !== true || state.held, deaf: state?.canHear !== true || state.held };
}
