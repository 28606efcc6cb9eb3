import type { MediaEngine } from '../../rtp/engine.ts';
import type { ChannelHandle } from '../channel/handle.ts';
import type { EventBus } from '../event-bus.ts';
import { Conference } from './conference.ts';
import { type JoinRequest, parseJoinRequest } from './join-request.ts';
import type { Onward } from './seat.ts';

/** All conferences by name, and the member numbers, which count through all of them. */
export class Conferences {
  readonly #bus: EventBus;
  readonly #engine: MediaEngine;
  readonly #domain: string;
  readonly #byName = new Map<string, Conference>();
  #lastMember = 0;
  /** A conference's name may be taken again while its last mix is still being closed: mixes have numbers. */
  #lastMix = 0;

  constructor(bus: EventBus, engine: MediaEngine, domain: string) {
    this.#bus = bus;
    this.#engine = engine;
    this.#domain = domain;
  }

  get(name: string): Conference | undefined {
    return this.#byName.get(name);
  }

  all(): readonly Conference[] {
    return [...this.#byName.values()];
  }

  /** Takes a channel into a conference, which begins with its first member; resolves when it is out of the last one. */
  async attend(channel: ChannelHandle, request: JoinRequest, signal: AbortSignal): Promise<void> {
    for (let next: JoinRequest | undefined = request; next !== undefined && !signal.aborted; ) {
      const onward = await this.#attendOne(channel, next, signal);
      next = onward === undefined ? undefined : { ...parseJoinRequest(onward.conference), flags: onward.flags };
    }
  }

  async #attendOne(channel: ChannelHandle, request: JoinRequest, signal: AbortSignal): Promise<Onward | undefined> {
    const existing = this.#byName.get(request.conference);
    if (existing === undefined && request.flags.has('join-only')) return undefined;
    if (existing !== undefined && !admits(existing)) return undefined;
    const conference = existing ?? this.#begin(request);
    channel.memberId ??= ++this.#lastMember;
    channel.variables.set('conference_name', conference.name);
    channel.variables.set('conference_member_id', String(channel.memberId));
    channel.variables.set('conference_uuid', conference.uuid);
    return conference.attend(channel, channel.memberId, request.flags, signal);
  }

  #begin({ conference: name, profile }: JoinRequest): Conference {
    const conference: Conference = new Conference({
      name,
      profile,
      domain: this.#domain,
      bus: this.#bus,
      mix: this.#engine.createMix(`conference-${++this.#lastMix}`),
      onEmpty: () => {
        if (this.#byName.get(name) === conference) this.#byName.delete(name);
      },
    });
    this.#byName.set(name, conference);
    return conference;
  }
}

function admits({ locked, maxMembers, roster }: Conference): boolean {
  return !locked && (maxMembers === 0 || roster.members.length < maxMembers);
}
