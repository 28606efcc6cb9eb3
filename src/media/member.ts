import { setTimeout as delay } from 'node:timers/promises';
import { EarpieceError } from '../coaching/errors.ts';
import type { Sdp } from '../coaching/leg.ts';
import {
  type Audio,
  type Codec,
  CODECS,
  type MediaLine,
  readAnyDescription,
  readDescription,
} from './audio-description.ts';
import { AUDIO_ONLY, reversed, writeDescription } from './audio-writer.ts';
import { Channel, type Joined } from './channel.ts';
import type { Doorway } from './doorway.ts';
import type { FreeSwitch } from './freeswitch.ts';
import { SINK } from './sink.ts';

/** What a phone that has said nothing yet is taken for. */
const UNKNOWN: Audio = { rtp: SINK, direction: 'sendrecv', codec: 'PCMU', telephoneEvent: 101, ptime: 20 };

/** ms in a packet where a phone does not say. */
const PTIME = 20;

/** What telephone events may be called: 101 where it is free, as nearly everybody does, else another dynamic payload type (RFC 3551 section 6). */
const EVENT_TYPES: readonly number[] = [101, ...Array.from({ length: 32 }, (_, n) => 96 + n)];

/** Whether a member can be heard in its conference. `muted.since`: performance.now() of the confirmation, ms. */
type Mouth = { readonly is: 'never-opened' | 'open' } | { readonly is: 'muted'; readonly since: number };

/** How members leave a room. */
export interface Departure {
  /** ms between a confirmed mute and the end of a channel. */
  readonly settleMs: number;
  /** Rejects when the mute was not confirmed. */
  readonly mute: () => Promise<void>;
  /** Whether the connection to the server is over, which may then be frozen. */
  readonly isOver: () => boolean;
}

/** One member of a room: its channel, and the two descriptions between it and its phone. */
export class Member {
  readonly #opening: Promise<Channel>;
  readonly #entering: Promise<Joined>;
  /** What the phone is offered: the codec it speaks already, or all of ours when it speaks another or has said nothing yet. */
  #codecs: readonly Codec[] = CODECS;
  #lines: readonly MediaLine[] = AUDIO_ONLY;
  /** What the channel was last told. */
  #told: Audio;
  #toldVersion = 1;
  #saidVersion = 0;
  #conferenceId: number | undefined;
  #mouth: Mouth = { is: 'never-opened' };
  /** Whether somebody in the conference may not hear it: a supervisor always counts as kept from somebody. */
  #isKeptApart: boolean;
  readonly #doorway: Doorway;
  #leaving: Promise<'left' | 'stays'> | undefined;

  /**
   * Makes the channel at once, and takes it into the conference as soon as it stands: that takes 21 to 43 ms (measured on FreeSWITCH
   * 1.10.12), which pass while phones ring. It is deaf and mute there, and sends to nobody until the phone is described.
   * `entrance`: the argument of the conference application. Throws `invalid-request`.
   */
  constructor(freeswitch: FreeSwitch, remote: Sdp | undefined, entrance: string, doorway: Doorway) {
    this.#doorway = doorway;
    const audio = remote === undefined ? UNKNOWN : this.#look(remote).audio;
    this.#isKeptApart = remote === undefined;
    this.#told = { ...audio, rtp: SINK, direction: 'sendrecv' };
    this.#opening = Channel.open(freeswitch, this.#towardsFreeSwitch());
    this.#entering = this.#opening.then((channel) => doorway.enter(() => this.#enter(channel, entrance)));
    // Whoever admits it is told; nobody does when the call or the supervisor is gone before.
    this.#entering.catch(neverEntered);
  }

  /** Resolves when the channel is gone, dismissed or not. Rejects when there never was one. */
  async gone(): Promise<string> {
    return (await this.#opening).gone;
  }

  get leaving(): boolean {
    return this.#leaving !== undefined;
  }

  /** The id in the conference. Throws `isolation-lost` for a member that is not in it. */
  get conferenceId(): number {
    if (this.#conferenceId === undefined) throw new EarpieceError('isolation-lost', 'the member is not in the room');
    return this.#conferenceId;
  }

  /** The offer for the phone. */
  async offer(): Promise<Sdp> {
    return this.#towardsPhone(await this.#opening, 'sendrecv');
  }

  /** Sends to where the phone is, which expects somebody else there; resolves with the offer for it. Rejects like `describe`. */
  async aim(remote: Sdp): Promise<Sdp> {
    const { audio, direction } = this.#look(remote);
    await this.#tell(audio);
    return this.#towardsPhone(await this.#opening, reversed(direction));
  }

  /**
   * Takes the phone's description; resolves with ours. FreeSWITCH is told only what is new to it.
   * Rejects with `invalid-request`, `unavailable`, `timeout`; FreeSWITCH then goes on as before.
   */
  async describe(remote: Sdp): Promise<Sdp> {
    const { audio, lines } = readDescription(remote);
    await this.#tell(audio);
    this.#lines = lines;
    this.#codecs = [audio.codec];
    return this.#towardsPhone(await this.#opening, reversed(audio.direction));
  }

  /** Counts as in the conference from here. Rejects with `isolation-lost` when FreeSWITCH does not say that it is deaf and mute. */
  async admit(): Promise<void> {
    const { memberId, hears, speaks } = await this.#entering;
    this.#conferenceId = memberId;
    if (hears || speaks) {
      this.#mouth = { is: 'open' };
      throw new EarpieceError('isolation-lost', 'FreeSWITCH let a member in that is not deaf and mute');
    }
  }

  /** To be called before it is kept from somebody. */
  keptApart(): void {
    this.#isKeptApart = true;
  }

  /** To be called before the mouth may open, and once it has been confirmed to be shut. */
  mouthMayOpen(): void {
    this.#mouth = { is: 'open' };
  }
  mouthIsShut(): void {
    this.#mouth = { is: 'muted', since: performance.now() };
  }

  /**
   * Leaves: `mute` when it may have been heard and not by everybody, then until the mixer has settled, then the end of the channel. FreeSWITCH
   * 1.10.12 subtracts a member that leaves from mixes it is no longer in, and with that says one frame of it, phase
   * inverted, to those that must not hear it: unmuted in 110 of 120 departures, 60 ms after the mute in none (measured).
   * Rejects when the mute was refused, or the end not confirmed; it was killed at once then, which of all the ways out
   * without a confirmed mute leaks least (6 of 120). Twice is fine.
   *
   * Once the connection is over nobody can say what the mixer has of it, and a frozen server does what it was told when it wakes up,
   * all at once: whoever was heard, and not by everybody, `stays` then, and nothing is sent that would end it (see `end`).
   */
  leave(departure: Departure): Promise<'left' | 'stays'> {
    this.#leaving ??= this.#leave(departure);
    return this.#leaving;
  }

  /** Ends the channel of one that stays, without more ado. Rejects when its end was not confirmed. */
  async end(): Promise<void> {
    const channel = await this.#opening.catch(neverMade);
    await channel?.end();
  }

  async #leave(departure: Departure): Promise<'left' | 'stays'> {
    const channel = await this.#opening.catch(neverMade);
    if (channel === undefined) return 'left';
    const failure = await this.#fallSilent(channel, departure).then(confirmed, (error: unknown) =>
      EarpieceError.from(error),
    );
    if (this.#isKeptApart && this.#mouth.is !== 'never-opened' && departure.isOver()) {
      this.#leaving = undefined;
      return 'stays';
    }
    await this.#doorway.leave(() => channel.end());
    if (failure !== undefined) throw failure;
    return 'left';
  }

  async #fallSilent(channel: Channel, { settleMs, mute }: Departure): Promise<void> {
    if (this.#isKeptApart && this.#mouth.is === 'open' && !channel.isGone) await mute();
    if (this.#mouth.is === 'muted') await delay(this.#mouth.since + settleMs - performance.now());
  }

  async #enter(channel: Channel, entrance: string): Promise<Joined> {
    if (this.leaving) throw new EarpieceError('unavailable', 'the member is leaving');
    return channel.join(entrance);
  }

  /**
   * Looks at a phone that talks to somebody else so far. Where it does so in a codec that we do not speak, nothing is sent to it before it has
   * answered an offer of ours, in which no payload type means anything else than it did (RFC 3264 8.3.2).
   */
  #look(remote: Sdp): { readonly audio: Audio; readonly direction: Audio['direction'] } {
    const { audio, lines } = readAnyDescription(remote);
    const { codec, direction } = audio;
    this.#lines = lines;
    this.#codecs = codec === undefined ? CODECS : [codec];
    if (codec !== undefined) return { audio: { ...audio, codec }, direction };
    const taken = lines.find(({ ours }) => ours)?.formats.split(' ') ?? [];
    const telephoneEvent = audio.telephoneEvent ?? EVENT_TYPES.find((type) => !taken.includes(String(type)));
    return { audio: { ...UNKNOWN, telephoneEvent }, direction };
  }

  async #tell(audio: Audio): Promise<void> {
    const channel = await this.#opening;
    if (sameAudio(audio, this.#told)) return;
    const before = this.#told;
    this.#told = audio;
    this.#toldVersion++;
    try {
      await channel.redescribe(this.#towardsFreeSwitch());
    } catch (error) {
      this.#told = before;
      throw error;
    }
  }

  #towardsFreeSwitch(): Sdp {
    const { codec, ptime = PTIME } = this.#told;
    return writeDescription({ ...this.#told, codecs: [codec], ptime, version: this.#toldVersion });
  }

  #towardsPhone(channel: Channel, direction: Audio['direction']): Sdp {
    const { rtp } = readDescription(channel.sdp).audio;
    const { telephoneEvent, ptime = PTIME } = this.#told;
    const version = ++this.#saidVersion;
    return writeDescription({ rtp, direction, codecs: this.#codecs, telephoneEvent, ptime, version }, this.#lines);
  }
}

const sameAudio = (a: Audio, b: Audio): boolean =>
  a.rtp.family === b.rtp.family &&
  a.rtp.host === b.rtp.host &&
  a.rtp.port === b.rtp.port &&
  a.direction === b.direction &&
  a.codec === b.codec &&
  a.telephoneEvent === b.telephoneEvent &&
  a.ptime === b.ptime;

function neverEntered(): undefined {
  return undefined;
}

function confirmed(): undefined {
  return undefined;
}

/** Whoever asked for the member was told why; there is nothing to take out. */
function neverMade(): undefined {
  return undefined;
}
