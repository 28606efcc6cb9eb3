import { setTimeout as delay } from 'node:timers/promises';
import { EarpieceError } from '../coaching/errors.ts';
import type { AbandonedRoom, RoomOwner } from '../coaching/ports.ts';
import { all } from '../coaching/serial.ts';
import { takeStep } from './conference.ts';
import { readConferenceName } from './conference-name.ts';
import type { FreeSwitch } from './freeswitch.ts';

/** ms between two looks whether somebody has left a conference. */
const LOOK_MS = 50;

/** Somebody in a conference, as its list says. */
export interface ConferenceMember {
  readonly memberId: number;
  /** Of its channel. */
  readonly uuid: string;
}

/** A conference that `conference list` names, with its members. */
export interface ListedConference {
  readonly conference: string;
  readonly members: readonly ConferenceMember[];
}

/** Reads the answer to `conference list` (FreeSWITCH 1.10.12): a heading for each conference, then its members. */
export function readConferenceList(list: string): readonly ListedConference[] {
  const found: { conference: string; members: ConferenceMember[] }[] = [];
  for (const line of list.split('\n')) {
    const conference = /^\+OK Conference (\S+) \(/.exec(line)?.[1];
    if (conference !== undefined) found.push({ conference, members: [] });
    const [, memberId, uuid] = /^(\d+);[^;]*;([^;]+);/.exec(line) ?? [];
    if (memberId !== undefined && uuid !== undefined) found.at(-1)?.members.push({ memberId: Number(memberId), uuid });
  }
  return found;
}

/** Those who are kept from speaking to somebody, of the answer to `relate 0`: `3 -> 1 NOSPEAK HEAR …`. */
export const readSeparated = (relations: string): ReadonlySet<number> =>
  new Set([...relations.matchAll(/^(\d+) -> \d+ NOSPEAK /gm)].map(([, speaker]) => Number(speaker)));

/**
 * A conference whose process is gone. It stays as it was, with everyone in it: the channels, the mix and who is kept from
 * whom outlive both our event sockets and our dialogs (measured on FreeSWITCH 1.10.12).
 */
export class LeftBehindRoom implements AbandonedRoom, ListedConference {
  /** The id of the media server. */
  readonly server: string;
  /** The process that opened it. */
  readonly instance: string;
  /** In the letters that the name of a conference may have. */
  readonly callId: string;
  readonly conference: string;
  readonly members: readonly ConferenceMember[];
  readonly #freeswitch: FreeSwitch;
  readonly #settleMs: number;
  #listing: Promise<ReadonlySet<number>> | undefined;
  #silencing: Promise<void> | undefined;

  constructor(
    freeswitch: FreeSwitch,
    { server, settleMs }: { server: string; settleMs: number },
    owner: RoomOwner,
    { conference, members }: ListedConference,
  ) {
    this.#freeswitch = freeswitch;
    this.#settleMs = settleMs;
    this.server = server;
    this.instance = owner.instance;
    this.callId = owner.callId;
    this.conference = conference;
    this.members = members;
  }

  /**
   * Mutes whoever must not be heard by everybody; the others go on hearing each other. Resolves when the mixer has settled.
   * Rejects with `isolation-lost`. Twice is fine.
   */
  async silence(): Promise<void> {
    await this.#silenced();
  }

  /**
   * Ends every channel of it, those who must not be heard by everybody muted first: one that leaves unmuted is heard for a frame by
   * whoever is still there. Where a mute is not confirmed the others go first. Resolves when FreeSWITCH has the conference no more.
   * Rejects with `unavailable`, `timeout`, and does nothing when it is not known who must not be heard.
   */
  async clear(): Promise<void> {
    const separated = await this.#separated();
    const muted = await this.#silenced().then(
      () => true,
      () => false,
    );
    const supervisors = this.members.filter(({ memberId }) => separated.has(memberId));
    const others = this.members.filter(({ memberId }) => !separated.has(memberId));
    for (const group of muted ? [supervisors, others] : [others, supervisors]) await this.#remove(group);
    await this.#until((listed) => listed === undefined);
  }

  /** Who is kept from whom changes no more, once it was said. */
  #separated(): Promise<ReadonlySet<number>> {
    this.#listing ??= this.#api(`conference ${this.conference} relate 0`)
      .then(readSeparated)
      .catch((error: unknown) => {
        this.#listing = undefined;
        throw error;
      });
    return this.#listing;
  }

  #silenced(): Promise<void> {
    this.#silencing ??= this.#silence().catch((error: unknown) => {
      this.#silencing = undefined;
      throw error;
    });
    return this.#silencing;
  }

  async #silence(): Promise<void> {
    const separated = await this.#separated();
    if (separated.size === 0) return;
    const mute = (member: number) =>
      takeStep(
        (command) => this.#api(command),
        this.conference,
        { type: 'mute', member },
        () => true,
      );
    await all([...separated].map(mute));
    await delay(this.#settleMs);
  }

  /** Resolves when they are off the list of the conference. */
  async #remove(group: readonly ConferenceMember[]): Promise<void> {
    const uuids = new Set(group.map(({ uuid }) => uuid));
    await all([...uuids].map((uuid) => this.#api(`uuid_kill ${uuid}`)));
    await this.#until((listed) => !listed?.members.some(({ uuid }) => uuids.has(uuid)));
  }

  async #until(reached: (listed: ListedConference | undefined) => boolean): Promise<void> {
    const { setupTimeoutMs } = this.#freeswitch.limits;
    const deadline = performance.now() + setupTimeoutMs;
    const listed = async () =>
      readConferenceList(await this.#api('conference list')).find(({ conference }) => conference === this.conference);
    while (!reached(await listed())) {
      if (performance.now() > deadline) throw new EarpieceError('timeout', `${this.conference} has not ended`);
      await delay(LOOK_MS);
    }
  }

  #api(command: string): Promise<string> {
    return this.#freeswitch.api(command);
  }
}

/** The rooms on a server for which `isLeft` says that nobody governs them. Rejects with `unavailable` or `timeout`. */
export async function abandonedRooms(
  freeswitch: FreeSwitch,
  server: string,
  settleMs: number,
  isLeft: (owner: RoomOwner) => boolean,
): Promise<readonly LeftBehindRoom[]> {
  return readConferenceList(await freeswitch.api('conference list')).flatMap((listed) => {
    const owner = readConferenceName(listed.conference);
    if (owner === undefined || !isLeft(owner)) return [];
    return [new LeftBehindRoom(freeswitch, { server, settleMs }, owner, listed)];
  });
}
