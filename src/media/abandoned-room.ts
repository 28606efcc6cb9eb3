import { setTimeout as delay } from 'node:timers/promises';
import { EarpieceError } from '../coaching/errors.ts';
import type { AbandonedRoom } from '../coaching/ports.ts';
import { takeStep } from './conference.ts';
import { readConferenceName } from './conference-name.ts';
import type { FreeSwitch } from './freeswitch.ts';

/** ms between two looks whether a conference has ended. */
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
  #silencing: Promise<ReadonlySet<number>> | undefined;

  constructor(
    freeswitch: FreeSwitch,
    { server, settleMs }: { server: string; settleMs: number },
    owner: { readonly instance: string; readonly callId: string },
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
   * Ends every channel of it, those who must not be heard by everybody muted first: one that leaves unmuted is heard for a frame.
   * Resolves when FreeSWITCH has the conference no more. Rejects with `unavailable`, `timeout`.
   */
  async clear(): Promise<void> {
    // Whoever cannot be muted is killed all the same: of all the ways out without a mute it leaks least.
    const separated = await this.#silenced().catch((): ReadonlySet<number> => new Set());
    const supervisors = this.members.filter(({ memberId }) => separated.has(memberId));
    const others = this.members.filter(({ memberId }) => !separated.has(memberId));
    for (const group of [supervisors, others]) {
      await Promise.all(group.map(({ uuid }) => this.#freeswitch.api(`uuid_kill ${uuid}`)));
    }
    await this.#ended();
  }

  #silenced(): Promise<ReadonlySet<number>> {
    this.#silencing ??= this.#silence();
    return this.#silencing;
  }

  async #silence(): Promise<ReadonlySet<number>> {
    const separated = readSeparated(await this.#api(`conference ${this.conference} relate 0`));
    if (separated.size === 0) return separated;
    const mutes = [...separated].map((member) =>
      takeStep(
        (command) => this.#api(command),
        this.conference,
        { type: 'mute', member },
        () => true,
      ),
    );
    await Promise.all(mutes);
    await delay(this.#settleMs);
    return separated;
  }

  async #ended(): Promise<void> {
    const { setupTimeoutMs } = this.#freeswitch.limits;
    const deadline = performance.now() + setupTimeoutMs;
    while (await this.#lists()) {
      if (performance.now() > deadline) throw new EarpieceError('timeout', `${this.conference} has not ended`);
      await delay(LOOK_MS);
    }
  }

  async #lists(): Promise<boolean> {
    const list = await this.#api('conference list');
    return readConferenceList(list).some(({ conference }) => conference === this.conference);
  }

  #api(command: string): Promise<string> {
    return this.#freeswitch.api(command);
  }
}

/** The rooms on a server whose process is gone. Rejects with `unavailable` or `timeout`. */
export async function abandonedRooms(
  freeswitch: FreeSwitch,
  server: string,
  settleMs: number,
  isGone: (instance: string) => boolean,
): Promise<readonly LeftBehindRoom[]> {
  return readConferenceList(await freeswitch.api('conference list')).flatMap((listed) => {
    const owner = readConferenceName(listed.conference);
    if (owner === undefined || !isGone(owner.instance)) return [];
    return [new LeftBehindRoom(freeswitch, { server, settleMs }, owner, listed)];
  });
}
