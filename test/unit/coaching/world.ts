import {
  after,
  carries,
  departed,
  EMPTY_STAGE,
  type MemberId,
  type Stage,
  type Step,
} from '../../../src/coaching/audibility.ts';
import type { Call } from '../../../src/coaching/call.ts';
import type { Device, DeviceId } from '../../../src/coaching/device.ts';
import { EarpieceError, type ErrorCode } from '../../../src/coaching/errors.ts';
import type { EarpieceEvent } from '../../../src/coaching/events.ts';
import type { Monitoring } from '../../../src/coaching/monitoring.ts';
import type { DialOutcome, MediaServers, Room, Signalling } from '../../../src/coaching/ports.ts';
import type { MonitoringStore } from '../../../src/coaching/shared.ts';
import { type Policy, Switchboard } from '../../../src/coaching/switchboard.ts';
import { memoryStore } from '../../../src/store/memory-store.ts';
import type { Store } from '../../../src/store/store.ts';

export const AGENT = 'agent-device';
export const COLLEAGUE = 'colleague-device';
export const SUPERVISOR = 'supervisor-device';
export const OTHER_SUPERVISOR = 'other-supervisor-device';

const device = (id: DeviceId, phoneNumber: string): Device => ({
  id,
  phoneNumber,
  address: undefined,
  ownerId: `owner of ${id}`,
  autoAnswer: false,
});
const DEVICES = [
  device(AGENT, '5001'),
  device(COLLEAGUE, '5002'),
  device(SUPERVISOR, '5005'),
  device(OTHER_SUPERVISOR, '5006'),
];

export const call = (id = 'call', agent: DeviceId = AGENT): Call => ({
  id,
  caller: { legId: `${id} customer`, deviceId: undefined, phoneNumber: '100', displayName: undefined },
  callee: { legId: `${id} agent`, deviceId: agent, phoneNumber: '5001', displayName: undefined },
  type: 'Inbound',
  dnis: '5001',
});

/** A room that obeys, or fails where it is told to, and remembers every step. */
class FakeRoom implements Room {
  readonly members = new Set<MemberId>();
  readonly seated = new Set<MemberId>();
  readonly world: World;
  readonly #onLost: (reason: string) => void;
  stage: Stage = EMPTY_STAGE;
  closed = false;
  #lost = false;

  constructor(world: World, onLost: (reason: string) => void) {
    this.world = world;
    this.#onLost = onLost;
  }

  /** The media server is gone; nobody in the room hears anybody any more. */
  lose(reason: string): void {
    if (this.closed || this.#lost) return;
    this.#lost = true;
    this.stage = EMPTY_STAGE;
    this.#onLost(reason);
  }

  async prepare(member: MemberId) {
    await this.#answers('prepare');
    if (this === this.world.rooms[0]) await this.world.trouble('prepare in the first room');
    if (this.members.has(member)) throw new EarpieceError('invalid-state', `${member} has an endpoint already`);
    this.members.add(member);
    return `offer for ${member}`;
  }
  async aim(member: MemberId, remote: string) {
    return this.describe(member, remote);
  }
  async describe(member: MemberId, remote: string) {
    await this.#answers('describe');
    if (!this.members.has(member)) throw new EarpieceError('not-found', `${member} has no endpoint`);
    return `${member} of ${remote}`;
  }
  async admit(member: MemberId) {
    await this.#answers('admit');
    this.seated.add(member);
    this.world.log.push(`admit ${member}`);
  }
  async apply(steps: readonly Step[]) {
    for (const step of steps) {
      await this.#answers(step.type, 'isolation-lost');
      if (!this.#seats(step)) throw new EarpieceError('isolation-lost', 'somebody is not in the room');
      this.stage = after(this.stage, step);
      this.world.log.push('member' in step ? `${step.type} ${step.member}` : step.type);
      this.world.onStage(this.stage);
    }
  }
  async dismiss(member: MemberId) {
    await this.world.pause();
    await this.world.departures;
    if (this.members.delete(member)) this.world.log.push(`dismiss ${member}`);
    this.stage = departed(this.stage, member);
    this.seated.delete(member);
  }
  close() {
    this.closed = true;
    this.members.clear();
    return this.world.closings;
  }

  /** Every answer takes a moment, in which the server may be lost. */
  async #answers(step: string, code: ErrorCode = 'unavailable'): Promise<void> {
    await this.world.pause();
    await this.world.trouble(step, code);
    if (this.#lost || this.closed) throw new EarpieceError(code, 'the room is gone');
  }

  #seats(step: Step): boolean {
    const concerned = 'member' in step ? [step.member] : [step.speaker, step.listener];
    return concerned.every((member) => this.seated.has(member));
  }
}

/** A switchboard among fakes that the test directs. */
export class World implements Signalling, MediaServers {
  readonly log: string[] = [];
  readonly events: EarpieceEvent[] = [];
  readonly rooms: FakeRoom[] = [];
  readonly store: Store;
  readonly failures = new Set<string>();
  readonly switchboard: Switchboard;
  available = true;
  refusal: string | undefined;
  /** The legs whose phones were last offered a room; the others talk directly. */
  readonly inTheRoom = new Set<string>();
  /** Phones answer a re-INVITE when this resolves. */
  phonesTold: Promise<unknown> = Promise.resolve();
  /** Rooms let members go when this resolves. */
  departures: Promise<unknown> = Promise.resolve();
  /** Rooms are closed when this resolves. */
  closings: Promise<void> = Promise.resolve();
  /** How many rounds of the event loop a phone takes to be hung up, and a room to let a member go. */
  slowness: () => number = () => 0;
  onStage: (stage: Stage) => void = () => undefined;
  #waiting: { matches: (event: EarpieceEvent) => boolean; resolve: (event: EarpieceEvent) => void }[] = [];
  #answers: { readonly deviceId: DeviceId; readonly answer: (outcome: DialOutcome) => void }[] = [];
  #dialled: (() => void)[] = [];
  #supervisorLegs = 0;
  readonly #phonesInUse = new Map<string, DeviceId>();
  /** Supervisors whose phone was called while it rang or was up. */
  readonly calledTwice: DeviceId[] = [];

  constructor(policy: Partial<Policy> = {}, store = memoryStore()) {
    this.store = store;
    const directory = {
      device: (id: DeviceId) => DEVICES.find((each) => each.id === id),
      deviceByNumber: (number: string) => DEVICES.find((each) => each.phoneNumber === number),
      isActive: (id: DeviceId) => id !== COLLEAGUE,
    };
    const events = { publish: (event: EarpieceEvent) => this.#publish(event) };
    const clock = { pause: () => new Promise<void>((resolve) => setImmediate(resolve)) };
    this.switchboard = new Switchboard(
      {
        directory,
        signalling: this,
        media: this,
        store: { ...store, monitorings: this.#monitorings() },
        events,
        clock,
      },
      { intrusion: true, severalSupervisors: false, alwaysAnchored: false, ...policy },
    );
    this.switchboard.start();
  }

  coach(changes: Partial<Monitoring> = {}): Promise<void> {
    return this.switchboard.monitor({
      supervisorDeviceId: SUPERVISOR,
      targetDeviceId: AGENT,
      operation: 'Coach',
      scope: 'Call',
      mode: 'AllCalls',
      ...changes,
    });
  }

  /** The next event of a type, from now on. */
  event<T extends EarpieceEvent['type']>(type: T): Promise<Extract<EarpieceEvent, { type: T }>> {
    return new Promise((resolve) => {
      this.#waiting.push({
        matches: (event) => event.type === type,
        resolve: (event) => resolve(event as Extract<EarpieceEvent, { type: T }>),
      });
    });
  }

  types(): string[] {
    return this.events.map((event) => event.type);
  }

  /** Resolves when a supervisor's phone rings. */
  rings(): Promise<void> {
    if (this.#answers.length > 0) return Promise.resolve();
    return new Promise((resolve) => this.#dialled.push(resolve));
  }

  /** The ringing phone does this. */
  async phone(outcome: 'answers' | Exclude<DialOutcome['outcome'], 'answered'>): Promise<void> {
    await this.rings();
    const legId = `supervisor leg ${++this.#supervisorLegs}`;
    const ringing = this.#answers.shift();
    if (outcome === 'answers' && ringing !== undefined) this.#phonesInUse.set(legId, ringing.deviceId);
    ringing?.answer(outcome === 'answers' ? { outcome: 'answered', legId, answer: 'its answer' } : { outcome });
  }

  /** The newest room is lost. */
  lose(reason: string): void {
    this.rooms.at(-1)?.lose(reason);
  }

  get room(): FakeRoom {
    const room = this.rooms.at(-1);
    if (room === undefined) throw new Error('no room was opened');
    return room;
  }

  /** Who hears a supervision in the newest room. */
  heardBy(supervisionId: MemberId): MemberId[] {
    return [...this.room.seated].filter((listener) => carries(this.room.stage, supervisionId, listener));
  }

  async pause(): Promise<void> {
    for (let rounds = this.slowness(); rounds > 0; rounds--) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Resolves when nothing goes on any more but phones that ring. */
  async settled(): Promise<void> {
    for (let rounds = 0; rounds < 500; rounds++) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Whether a supervisor's phone is ringing. */
  get ringing(): boolean {
    return this.#answers.length > 0;
  }

  async trouble(where: string, code: ErrorCode = 'unavailable'): Promise<void> {
    await Promise.resolve();
    if (this.failures.has(where)) throw new EarpieceError(code, `${where} failed`);
  }

  // Signalling
  async offer(legId: string) {
    await this.trouble('offer');
    await this.phonesTold;
    if (legId.endsWith('customer')) await this.trouble('offer to the customer');
    this.log.push(`re-INVITE ${legId}`);
    this.inTheRoom.add(legId);
    return `answer of ${legId}`;
  }
  async connectDirectly(a: string, b: string) {
    await this.trouble('connectDirectly');
    this.log.push(`connect ${a} and ${b}`);
    for (const legId of [a, b]) this.inTheRoom.delete(legId);
  }
  remoteDescription = (legId: string) => `description of ${legId}`;
  dial({ device: { id: deviceId } }: { device: Device }, signal: AbortSignal): Promise<DialOutcome> {
    if (signal.aborted) return Promise.resolve({ outcome: 'cancelled' });
    const rings = this.#answers.some((ringing) => ringing.deviceId === deviceId);
    if (rings || [...this.#phonesInUse.values()].includes(deviceId)) this.calledTwice.push(deviceId);
    return new Promise((resolve) => {
      this.#answers.push({ deviceId, answer: resolve });
      signal.addEventListener('abort', () => {
        this.#answers = this.#answers.filter(({ answer }) => answer !== resolve);
        resolve({ outcome: 'cancelled' });
      });
      for (const dialled of this.#dialled.splice(0)) dialled();
    });
  }
  async hangUp(legId: string) {
    this.log.push(`hang up ${legId}`);
    await this.pause();
    this.#phonesInUse.delete(legId);
  }

  letGo(callId: string): void {
    this.log.push(`let go of ${callId}`);
  }

  /** A supervisor's phone hangs up. */
  phoneHangsUp(legId: string): void {
    this.#phonesInUse.delete(legId);
    this.switchboard.supervisorLegEnded(legId);
  }

  // MediaServers
  async openRoom(_callId: string, onLost: (reason: string) => void) {
    await this.trouble('openRoom');
    if (!this.available) throw new EarpieceError('unavailable', 'no media server is up');
    const room = new FakeRoom(this, onLost);
    this.rooms.push(room);
    return room;
  }

  /** The store, which fails where it is told to. */
  #monitorings(): MonitoringStore {
    const { monitorings } = this.store;
    return {
      follow: (told) => monitorings.follow(told),
      take: async (step, condition) => {
        await this.trouble('take');
        return monitorings.take(step, condition);
      },
    };
  }

  #publish(event: EarpieceEvent): void {
    this.events.push(event);
    const heard = this.#waiting.filter(({ matches }) => matches(event));
    this.#waiting = this.#waiting.filter((each) => !heard.includes(each));
    for (const { resolve } of heard) resolve(event);
  }
}

/** A call with a coach in it. */
export async function coached(world = new World()) {
  world.switchboard.callEstablished(call());
  const active = world.event('supervision.active');
  await world.coach();
  await world.phone('answers');
  const { supervision } = await active;
  return { world, supervision };
}
