import type { ChannelHandle } from '../channel/handle.ts';
import type { EventBus } from '../event-bus.ts';
import type { SwitchEvent } from '../event.ts';
import { counted, ghosts, member as memberOf, type MemberState, type Roster } from './roster.ts';

type Pairs = readonly (readonly [string, string])[];

/** A member that something is played to alone. */
export interface Listener {
  readonly id: number;
  readonly channel: ChannelHandle;
}

interface Subject {
  readonly name: string;
  readonly uuid: string;
  readonly profile: string;
  readonly domain: string;
  readonly roster: Roster;
}

/** Writes the `conference::maintenance` events of one conference. */
export class Maintenance {
  readonly #bus: EventBus;
  readonly #conference: Subject;

  constructor(bus: EventBus, conference: Subject) {
    this.#bus = bus;
    this.#conference = conference;
  }

  /** About the conference itself. */
  publish(action: string, extra: Pairs = []): void {
    this.#bus.publish(this.#event().set('Action', action).setAll(extra));
  }

  /**
   * About one member. @param state what to say of it; who has left already is not in the roster any more
   * @param extra header lines in front of the channel's, and after the action
   */
  member(
    action: string,
    channel: ChannelHandle,
    id: number,
    state: MemberState | undefined = memberOf(this.#conference.roster, id),
    extra: { before?: Pairs; after?: Pairs } = {},
  ): void {
    const event = this.#event();
    // FreeSWITCH puts the action of a floor change in front, of everything else at the end.
    if (extra.before !== undefined) event.set('Action', action).setAll(extra.before);
    event.set('Floor', this.#conference.roster.floor === id);
    channel.describe(event);
    if (state !== undefined) event.setAll(memberHeaders(state));
    this.#bus.publish(event.set('Action', action).setAll(extra.after ?? []));
  }

  playBegins(path: string, async: boolean, to: Listener | undefined): void {
    if (to !== undefined) this.member('play-file-member', to.channel, to.id, undefined, { after: [['File', path]] });
    else {
      this.publish('play-file', [
        ['File', path],
        ['Async', String(async)],
      ]);
    }
  }

  /** @param elapsed ms it played */
  playEnds(path: string, elapsed: number, async: boolean, to: Listener | undefined): void {
    const played: Pairs = [
      ['seconds', String(Math.floor(elapsed / 1000))],
      ['milliseconds', String(elapsed)],
      ['samples', String(elapsed * 8)],
    ];
    if (to !== undefined) {
      const after: Pairs = [...played, ['File', path]];
      this.member('play-file-member-done', to.channel, to.id, undefined, { after });
    } else {
      const event = this.#event().setAll(played).set('Action', 'play-file-done').set('File', path);
      this.#bus.publish(async ? event.set('Async', 'true') : event);
    }
  }

  #event(): SwitchEvent {
    const { name, domain, profile, uuid, roster } = this.#conference;
    return this.#bus
      .create('CUSTOM', 'conference::maintenance')
      .set('Conference-Name', name)
      .set('Conference-Domain', domain)
      .set('Conference-Size', counted(roster))
      .set('Conference-Ghosts', ghosts(roster))
      .set('Conference-Profile-Name', profile)
      .set('Conference-Unique-ID', uuid);
  }
}

function memberHeaders(state: MemberState): Pairs {
  return [
    ['Video', 'false'],
    ['Hear', String(state.canHear)],
    ['See', 'true'],
    ['Speak', String(state.canSpeak)],
    ['Talking', String(state.talking)],
    ['Mute-Detect', 'false'],
    ['Hold', String(state.held)],
    ['Member-ID', String(state.id)],
    ['Member-Type', state.flags.has('moderator') ? 'moderator' : 'member'],
    ['Member-Ghost', String(state.flags.has('ghost'))],
    ['Energy-Level', String(state.energy)],
    ['Current-Energy', String(state.currentEnergy)],
  ];
}
