/**
 * One stream in the worker: what it receives, what it hears, what it sends.
 *
 *     asleep ──recording begins──▶ listening ──┐
 *        └──something is to be heard───────────┴──▶ speaking: a packet every 20 ms from now on
 *
 * It sends nothing before there is something to send: while a call's parties still send to each other directly, silence
 * from here would come in between. One that receives but has nothing to say for a second sends silence all the same.
 */
import { isIP } from 'node:net';
import type { Digit, MemberFlags, StreamConfiguration, StreamStats } from './media.ts';
import { DigitSender } from './digit-sender.ts';
import { type Ear, Ears } from './ears.ts';
import { FRAME_MS } from './frame.ts';
import { LAWS } from './g711.ts';
import { choosePhase, phaseOf, stepTowards } from './phase.ts';
import { Playback, Playbacks } from './playbacks.ts';
import type { PortPair } from './port-pair.ts';
import { Reader } from './reader.ts';
import { Receiver } from './receiver.ts';
import { Recordings } from './recordings.ts';
import type { Announcement } from './room.ts';
import { type Room } from './room.ts';
import { RtcpSession } from './rtcp-session.ts';
import { Sender } from './sender.ts';
import { SoundReader } from './sound.ts';
import { TalkDetector } from './talk-detector.ts';
import { gainOfLevel } from './volume.ts';
import type { Wheel } from './wheel.ts';

/** The phase is looked at again every half second: clocks drift. */
const REPHASE_FRAMES = 25;
const SILENT_START_MS = 1000;
/** A source heard from within this time is speaking. */
const SPEAKING_MS = 2 * FRAME_MS;

type Source = Leg | Announcement<Leg> | Playback;

export interface LegEvents {
  onDigit(digit: Digit): void;
  onTalking(talking: boolean, energy: number): void;
  onTimeout(): void;
  onError(error: unknown): void;
}

export class Leg {
  readonly id: string;
  readonly receiver: Receiver;
  readonly sender: Sender;
  readonly playbacks = new Playbacks(() => this.#refreshAll());
  readonly recordings = new Recordings(() => this.#recordingsChanged());
  readonly talk: TalkDetector;
  readonly #ports: PortPair;
  readonly #wheel: Wheel;
  readonly #events: LegEvents;
  readonly #rtcp: RtcpSession;
  readonly #ears = new Ears<Source>();
  readonly #digits = new DigitSender();
  /** Legs that have an ear for this one and wait for its first packet. */
  readonly #awaiting = new Set<Leg>();
  #state: 'asleep' | 'listening' | 'speaking' | 'closed' = 'asleep';
  #sends = false;
  #telephoneEvent: number | undefined;
  #room: Room<Leg> | undefined;
  /** Its own words, for recordings. */
  #ownVoice: Reader | undefined;
  #gainIn = 1;
  #gainOut = 1;
  #wantedPhase: number | undefined;
  #framesToRephase = 0;
  #concealed = 0;
  #timeoutMs: number | undefined;
  #configuredAt = performance.now();
  #timedOut = false;

  constructor(id: string, ports: PortPair, wheel: Wheel, events: LegEvents) {
    this.id = id;
    this.#ports = ports;
    this.#wheel = wheel;
    this.#events = events;
    this.receiver = new Receiver((digit) => events.onDigit(digit));
    this.talk = new TalkDetector((talking, energy) => events.onTalking(talking, energy));
    this.sender = new Sender(ports.rtp);
    this.#rtcp = new RtcpSession(ports.rtcp, id, this.sender, this.receiver);
    ports.rtp.on('message', (datagram, { address, port }) => this.#received(datagram, address, port));
    ports.rtp.on('error', (error) => events.onError(error));
    ports.rtcp.on('error', (error) => events.onError(error));
  }

  get port(): number {
    return this.#ports.port;
  }

  /** @throws when `remote` is no address and port in numbers */
  configure(configuration: StreamConfiguration): void {
    const { remote, codec, telephoneEvent, direction } = configuration;
    if (remote && (!isIP(remote.address) || remote.port < 1 || remote.port > 65_535)) {
      throw new Error(`nowhere to send to: ${remote.address}, port ${remote.port}`);
    }
    this.receiver.configure(configuration);
    this.sender.law = LAWS[codec.name];
    this.sender.payloadType = codec.payloadType;
    this.#telephoneEvent = telephoneEvent;
    this.#sends = direction === 'sendrecv' || direction === 'sendonly';
    this.#configuredAt = performance.now();
    this.#refreshAll();
  }

  join(room: Room<Leg>, flags: MemberFlags): void {
    this.leave();
    this.#room = room;
    room.enter(this, flags);
  }

  leave(): void {
    const room = this.#room;
    this.#room = undefined;
    this.talk.watch(undefined);
    room?.leave(this);
    this.refresh();
  }

  set(flags: Partial<MemberFlags>): void {
    if (!this.#room) throw new Error('not a member of a mix');
    this.#room.set(this, flags);
  }

  setVolume(direction: 'in' | 'out', level: number): void {
    if (direction === 'in') this.#gainIn = gainOfLevel(level);
    else this.#gainOut = gainOfLevel(level);
  }

  sendDigits(digits: string, ms: number): Promise<void> {
    if (this.#telephoneEvent === undefined) throw new Error('telephone-event was not agreed on');
    return new Promise((resolve) => {
      this.#digits.send(digits, ms, resolve);
      if (this.#digits.active) this.#speakFrom(performance.now());
    });
  }

  watchTimeout(ms: number): void {
    this.#timeoutMs = ms;
  }

  /** Makes the ears fit to what may be heard now. */
  refresh(): void {
    if (this.#state === 'closed') return;
    const now = performance.now();
    const wanted = new Set<Source>();
    const { current } = this.playbacks;
    // Who is played something neither hears its mix nor is heard there meanwhile (measured on FreeSWITCH 1.10.12).
    if (current) wanted.add(current);
    else if (this.#room) {
      if (this.#sends)
        for (const leg of this.#room.heardBy(this)) if (leg.receiver.open && !leg.playbacks.current) wanted.add(leg);
      for (const announcement of this.#room.announcementsFor(this)) wanted.add(announcement);
    }
    this.#ears.set(wanted, (source) => this.#earFor(source, now));
    this.#framesToRephase = 0;
    if (this.#state !== 'speaking') for (const source of wanted) this.#awaken(source, now);
  }

  ear(): Ear {
    const reader = new Reader(this.receiver.buffer, () => this.#concealed++);
    return { read: (due) => reader.read(due), gain: () => this.#gainIn, ready: () => reader.ready };
  }

  /** One 20 ms frame; @returns by how much the next one is to be earlier or later, ms */
  tick(due: number, skipped: number): number {
    if (skipped > 0) this.sender.pause(skipped);
    const heard = this.#ears.hear(due, this.#gainOut);
    if (this.#ownVoice) this.recordings.write(this.#ownVoice.read(due), heard);
    this.talk.poll(due);
    this.#send(heard);
    return this.#step(due);
  }

  /** To be called about once a second. */
  poll(now: number): void {
    this.receiver.poll(now);
    this.talk.poll(now);
    this.#rtcp.poll(now);
    const { firstHeard, lastHeard } = this.receiver;
    if (this.#sends && firstHeard !== undefined && now - firstHeard > SILENT_START_MS) this.#speakFrom(now);
    if (this.#timeoutMs === undefined || !this.receiver.open) return;
    const quiet = now - Math.max(lastHeard ?? 0, this.#configuredAt);
    if (quiet >= this.#timeoutMs && !this.#timedOut) this.#events.onTimeout();
    this.#timedOut = quiet >= this.#timeoutMs;
  }

  stats(): StreamStats {
    const { reception, buffer, latch, rejected, lastHeard } = this.receiver;
    return {
      id: this.id,
      packetsReceived: reception.packetsReceived,
      packetsSent: this.sender.packets,
      packetsLost: reception.packetsLost,
      packetsRejected: rejected,
      jitterMs: reception.jitterMs,
      marginMs: buffer.margin,
      concealedFrames: this.#concealed,
      ...(this.#rtcp.roundTripMs !== undefined ? { roundTripMs: this.#rtcp.roundTripMs } : {}),
      ...(latch.remote ? { remote: latch.remote } : {}),
      ...(lastHeard !== undefined ? { quietMs: performance.now() - lastHeard } : {}),
    };
  }

  /** Leaves its room at once; resolves when its recordings are complete and its sockets closed. */
  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.leave();
    this.#state = 'closed';
    this.#wheel.stop(this);
    this.playbacks.stop();
    this.#digits.clear();
    this.#awaiting.clear();
    this.#rtcp.sayGoodbye(performance.now());
    const closed = [this.#ports.rtp, this.#ports.rtcp].map((socket) => {
      return new Promise<void>((resolve) => {
        socket.close(resolve);
      });
    });
    const endings = await this.recordings.close();
    for (const ending of endings) if (ending.status === 'rejected') this.#events.onError(ending.reason);
    await Promise.all(closed);
  }

  #received(datagram: Buffer, address: string, port: number): void {
    const now = performance.now();
    const said = this.receiver.receive(datagram, address, port, now);
    if (!said) return;
    this.talk.hear(said, now);
    if (this.#awaiting.size === 0) return;
    for (const leg of this.#awaiting) if (leg.#ears.has(this)) leg.#speakFrom(now + this.receiver.buffer.wait);
    this.#awaiting.clear();
  }

  #recordingsChanged(): void {
    if (!this.recordings.any) {
      this.#ownVoice = undefined;
      return;
    }
    this.#ownVoice ??= new Reader(this.receiver.buffer);
    if (this.#state !== 'asleep') return;
    this.#state = 'listening';
    this.#wheel.start(this, performance.now());
  }

  #send(heard: Int16Array | undefined): void {
    const { remote } = this.receiver.latch;
    if (this.#state !== 'speaking' || !this.#sends || !remote) {
      this.sender.pause(1);
      return;
    }
    const event = this.#digits.active ? this.#digits.next() : undefined;
    if (event === undefined) this.sender.sendFrame(heard, remote);
    else if (event === 'pause' || this.#telephoneEvent === undefined) this.sender.sendFrame(undefined, remote);
    else this.sender.sendEvent(event, this.#telephoneEvent, remote);
  }

  #step(due: number): number {
    if (this.#framesToRephase-- <= 0) {
      this.#framesToRephase = REPHASE_FRAMES;
      const ready = this.#ears.readyTimes();
      this.#wantedPhase = ready.length === 0 ? undefined : choosePhase(due, ready.map(phaseOf));
    }
    return this.#wantedPhase === undefined ? 0 : stepTowards(due, this.#wantedPhase);
  }

  #earFor(source: Source, now: number): Ear {
    if (source instanceof Leg) return source.ear();
    const reader = source instanceof Playback ? source.reader : new SoundReader(source.sound, source.placeAt(now));
    return { read: () => reader.read(), gain: () => 1, ready: () => undefined };
  }

  /** Starts with the source that speaks, or waits for its first packet. */
  #awaken(source: Source, now: number): void {
    if (!(source instanceof Leg)) {
      this.#speakFrom(now);
      return;
    }
    const { buffer } = source.receiver;
    if (now - buffer.lastArrival > SPEAKING_MS) {
      source.#awaiting.add(this);
      return;
    }
    const ready = buffer.arrivalOf(buffer.newest ?? 0) + buffer.wait;
    this.#speakFrom(Math.max(now, ready));
  }

  #speakFrom(due: number): void {
    if (this.#state !== 'asleep' && this.#state !== 'listening') return;
    this.#state = 'speaking';
    this.#wheel.start(this, due);
  }

  #refreshAll(): void {
    if (this.#room) this.#room.changed();
    else this.refresh();
  }
}
