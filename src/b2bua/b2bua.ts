import type { CallId } from '../coaching/call.ts';
import type { Device } from '../coaching/device.ts';
import { EarpieceError } from '../coaching/errors.ts';
import type { LegId, Sdp } from '../coaching/leg.ts';
import type { AbandonedCall, CallControl, DialOutcome, Directory, Signalling } from '../coaching/ports.ts';
import type { Logger } from '../log.ts';
import { Callers } from './caller.ts';
import type { CallSetup } from './call-setup.ts';
import { DrachtioConnection, type DrachtioStatus } from './connection.ts';
import { Conversation } from './conversation.ts';
import { isIn } from './dialog-facts.ts';
import { Digest } from './digest.ts';
import { answering, guarded } from './guard.ts';
import { ALLOW } from './headers.ts';
import { IncomingCalls } from './incoming.ts';
import { Journal } from './journal.ts';
import { Leg } from './leg.ts';
import type { LegListener } from './leg-listener.ts';
import { type CallRecord, callOf, type LegRecord, type SupervisorRecord } from './leg-record.ts';
import { DEFAULTS, type B2buaOptions } from './options.ts';
import type { Registrar } from './registrar.ts';
import { ownNonceKey } from './nonces.ts';
import { type Refusal, respond } from './responses.ts';
import type { Reply, Stack, StackRequest } from './stack.ts';
import { dialSupervisor } from './supervisor-dial.ts';
import { SupervisorLeg } from './supervisor-leg.ts';
import { targetsOf } from './target.ts';
import { Turns } from './turns.ts';

/** Requests that make no sense outside a dialog here, or belong to one that is over. */
const WITHOUT_DIALOG = ['bye', 'info', 'update', 'message', 'notify', 'refer', 'subscribe', 'publish'] as const;

/** How many phones are looked for at once after drachtio was lost: each may be a re-INVITE. */
const LOOKS_AT_ONCE = 50;

/** What is alive; all zero when nothing goes on. */
export interface Counts {
  readonly ringing: number;
  readonly calls: number;
  readonly legs: number;
  readonly supervisors: number;
}

/** The back-to-back user agent: every call of an agent is two dialogs here, every supervisor one more. */
export class B2bua implements Signalling {
  readonly registrations: Registrar;
  readonly #options: B2buaOptions;
  readonly #log: Logger;
  readonly #digest: Digest;
  readonly #directory: Directory;
  readonly #incoming: IncomingCalls;
  readonly #setups = new Set<CallSetup>();
  readonly #conversations = new Set<Conversation>();
  readonly #legs = new Map<LegId, { readonly leg: Leg; readonly conversation: Conversation | undefined }>();
  readonly #dials = new Set<AbortController>();
  /** Supervisors that are being hung up. */
  readonly #leaving = new Set<Leg>();
  /** Aborted when the connection to drachtio is lost that there is now. */
  #lost = new AbortController();
  readonly #journal: Journal;
  readonly #looks = new Turns(LOOKS_AT_ONCE);
  readonly #connection: DrachtioConnection;
  /** What becomes of a conversation that is up. */
  readonly #keeping = {
    established: (conversation: Conversation) => {
      for (const leg of conversation.legs) this.#legs.set(leg.id, { leg, conversation });
    },
    changed: (conversation: Conversation) => this.#journal.call(conversation),
    forgotten: (conversation: Conversation) => {
      this.#conversations.delete(conversation);
      for (const leg of conversation.legs) this.#legs.delete(leg.id);
      this.#journal.callOver(conversation);
    },
  };
  #control: CallControl | undefined;
  #accepting = true;

  /** Takes no calls before `control` and `connect`. Throws a RangeError on an address of the switch that is none. */
  constructor(options: B2buaOptions, directory: Directory, log: Logger) {
    this.#options = options;
    this.#log = log.child({ part: 'b2bua' });
    this.#directory = directory;
    this.registrations = options.registrar;
    this.#journal = new Journal(options.records);
    this.#digest = new Digest({
      realm: options.realm,
      credentials: options.credentials,
      algorithms: options.algorithms ?? DEFAULTS.algorithms,
      nonceLifetimeMs: 300_000,
      nonceKey: options.nonceKey ?? ownNonceKey(),
      now: Date.now,
    });
    this.#incoming = new IncomingCalls({
      options,
      directory,
      registrar: options.registrar,
      callers: new Callers(directory, options.switch, this.#digest),
      log: this.#log,
      stack: () => this.#stack,
      control: () => this.#control,
      ringing: (setup, conversation) => {
        this.#setups.add(setup);
        this.#conversations.add(conversation);
      },
      settled: (setup) => this.#setups.delete(setup),
      ...this.#keeping,
    });
    this.#connection = new DrachtioConnection(options.drachtio, this.#log, {
      prepare: (stack) => this.#route(stack),
      lost: () => this.#onLost(),
      restored: () => this.#onRestored(),
    });
    options.registrar.onChange((deviceId) => {
      guarded(this.#log, 'registrationChanged', () => this.#control?.registrationChanged(deviceId));
    });
  }

  /**
   * Connects to drachtio and takes calls from then on; without a `control` they get 503. Resolves when drachtio has accepted us:
   * it is tried until then, and `status` says why it takes long. Never rejects.
   */
  async connect(): Promise<void> {
    await this.#connection.open(this.#options.connectMs ?? DEFAULTS.connectMs);
  }

  /** Who decides over calls. The core needs us first, so it comes late. */
  control(callControl: CallControl): void {
    this.#control = callControl;
  }

  /** Where phones and the switch reach us, e.g. `udp/10.0.0.1:5060,tcp/10.0.0.1:5060`. */
  get hostPorts(): string {
    return this.#connection.hostPorts;
  }

  /** How it stands with drachtio, for whoever asks for our health. */
  get status(): DrachtioStatus {
    return this.#connection.status;
  }

  get counts(): Counts {
    const supervisors = [...this.#legs.values()].filter(({ conversation }) => conversation === undefined).length;
    return { ringing: this.#setups.size, calls: this.#conversations.size, legs: this.#legs.size, supervisors };
  }

  /** Legs whose phones we can speak to but not hear: their dialogs belonged to a connection to drachtio, or a process, that is gone. */
  get unheard(): number {
    return [...this.#legs.values()].filter(({ leg }) => !leg.heard).length;
  }

  /** New calls get 503 from now on; those that are up go on. */
  stopAccepting(): void {
    this.#accepting = false;
  }

  async offer(legId: LegId, offer: Sdp): Promise<Sdp> {
    const { leg, conversation } = this.#held(legId, 'unavailable');
    return conversation === undefined ? leg.offer(offer) : conversation.offer(leg, offer);
  }

  async connectDirectly(a: LegId, b: LegId): Promise<void> {
    const { conversation } = this.#held(a, 'unavailable');
    if (conversation === undefined || conversation !== this.#held(b, 'unavailable').conversation) {
      throw new EarpieceError('invalid-state', 'these legs are not of one call');
    }
    await conversation.connectDirectly();
  }

  remoteDescription(legId: LegId): Sdp {
    return this.#held(legId, 'not-found').leg.remote;
  }

  dial(
    { device, offer, callId }: { device: Device; offer: Sdp; callId: CallId },
    signal: AbortSignal,
  ): Promise<DialOutcome> {
    const { realm, ringMs = DEFAULTS.ringMs, autoAnswerHeaders = DEFAULTS.autoAnswerHeaders } = this.#options;
    const log = this.#log.child({ callId, deviceId: device.id });
    const headers = {
      From: '"Coaching" <sip:earpiece@localhost>',
      To: `<sip:${encodeURIComponent(device.phoneNumber)}@${realm}>`,
      ...(device.autoAnswer && autoAnswerHeaders),
    };
    const targets = targetsOf(device, this.registrations.contacts(device.id), this.#options.switch);
    const request = { targets, offer, headers, ringMs: ringMs.supervisor, log };
    const listener = this.#supervisorListener(callId, log);
    const adopt = (dialog: ConstructorParameters<typeof Leg>[1], answer: Sdp) => {
      const leg = new Leg(this.#stack, dialog, { remote: answer, local: offer }, listener, log);
      this.#legs.set(leg.id, { leg, conversation: undefined });
      this.#journal.supervisor(callId, leg);
      return leg.id;
    };
    log.info('supervisor dialled');
    return this.#abortable(signal, async (either) => {
      const dialled = await dialSupervisor(this.#stack, request, { signal: either, lost: this.#lost.signal }, adopt);
      log.info({ outcome: dialled.outcome }, 'supervisor dialling over');
      return dialled;
    });
  }

  async hangUp(legId: LegId): Promise<void> {
    const held = this.#legs.get(legId);
    if (held === undefined) return;
    if (held.conversation !== undefined) return held.conversation.end();
    this.#legs.delete(legId);
    await this.#leave(held.leg);
  }

  letGo(callId: CallId): void {
    for (const conversation of this.#conversations) if (conversation.id === callId) conversation.letGo();
  }

  /**
   * Finds the calls of processes that are gone, now and as they go. Their phones are looked for, those of supervisors are hung
   * up. `found` is told of each call that was up; whoever takes it says so to the core.
   */
  onAbandoned(found: (call: AbandonedCall) => void): void {
    this.#journal.onAbandoned(
      (left) => {
        guarded(this.#log, 'recovery', () => {
          if (left.is === 'supervisor') this.#dropSupervisor(left);
          else found(this.#takeOver(left));
        });
      },
      (key) => this.#log.error({ key }, 'what was written down of a call cannot be read'),
    );
  }

  /** Ends every call and the connection to drachtio. Twice is fine. */
  async close(): Promise<void> {
    this.#accepting = false;
    for (const dial of this.#dials) dial.abort();
    for (const setup of this.#setups) setup.cancel();
    const supervisors = [...this.#legs]
      .filter(([, { conversation }]) => conversation === undefined)
      .map(([id]) => this.hangUp(id));
    await Promise.all([...[...this.#conversations].map((conversation) => conversation.end()), ...supervisors]);
    this.registrations.close();
    this.#connection.close();
  }

  /** Runs a task that ends when `signal` says so, or we are closed. */
  async #abortable<T>(signal: AbortSignal, task: (either: AbortSignal) => Promise<T>): Promise<T> {
    const dial = new AbortController();
    const abort = () => dial.abort();
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    this.#dials.add(dial);
    try {
      return await task(dial.signal);
    } finally {
      this.#dials.delete(dial);
      signal.removeEventListener('abort', abort);
    }
  }

  #route(stack: Stack): void {
    const log = this.#log;
    stack.use('invite', (request, reply) => answering(log, request, reply, () => this.#onInvite(request, reply)));
    stack.use('register', (request, reply) =>
      answering(log, request, reply, () => this.registrations.register(request, reply, this.#directory, this.#digest)),
    );
    // As an INVITE would be answered (RFC 3261 11.2): a switch that asks now and then sends its calls elsewhere in time.
    stack.use('options', (_request, reply) =>
      respond(reply, this.#refusal ?? { status: 200, headers: { Allow: ALLOW, Accept: 'application/sdp' } }),
    );
    for (const method of WITHOUT_DIALOG) {
      stack.use(method, (request, reply) => {
        const inDialog = /;\s*tag=/i.test(request.get('To') ?? '');
        if (inDialog) this.#astray(request, reply);
        else respond(reply, { status: 405, headers: { Allow: ALLOW } });
      });
    }
  }

  /** Also those are told that are not up yet, and those that are being hung up. */
  #onLost(): void {
    this.#lost.abort('the connection to drachtio was lost');
    this.#lost = new AbortController();
    const parties = [...this.#conversations].flatMap(({ legs }) => legs);
    const held = [...this.#legs.values()].map(({ leg }) => leg);
    for (const leg of new Set([...parties, ...held, ...this.#leaving])) leg.disconnected();
  }

  /** Calls that were up go on, and their phones are looked for; what was not up yet has no future. */
  #onRestored(): void {
    this.#log.warn(this.counts, 'calls that are up go on, and their phones are looked for');
    for (const setup of this.#setups) setup.abandon();
    for (const conversation of this.#conversations) conversation.abandon();
    for (const { leg } of this.#legs.values()) void this.#looks.run(() => leg.regain());
  }

  #takeOver(left: CallRecord): AbandonedCall {
    const { call, media } = left;
    const legOf = (record: LegRecord, listener: LegListener<Leg>) =>
      new Leg(this.#stack, record, record, listener, this.#log.child({ callId: call.id }));
    const ports = { control: this.#controlOrThrow(), log: this.#log, ...this.#keeping };
    const conversation = Conversation.left(left, ports, legOf);
    this.#conversations.add(conversation);
    this.#log.warn({ callId: call.id, media }, 'call of a process that is gone');
    const found = this.#looks.run(() => Promise.all(conversation.legs.map((leg) => leg.regain())));
    return {
      call: callOf(call),
      anchored: media === 'anchored',
      looked: found.then(() => undefined),
      isUp: () => this.#conversations.has(conversation),
      doubt: () => {
        for (const leg of conversation.legs) leg.doubt();
      },
    };
  }

  #dropSupervisor({ callId, leg: record }: SupervisorRecord): void {
    const log = this.#log.child({ callId });
    const leg = new Leg(this.#stack, record, record, this.#supervisorListener(callId, log), log);
    void this.#leave(leg);
  }

  async #leave(supervisor: Leg): Promise<void> {
    this.#leaving.add(supervisor);
    await supervisor.hangUp();
    this.#leaving.delete(supervisor);
    this.#journal.supervisorOver(supervisor.id);
  }

  #supervisorListener(callId: CallId, log: Logger): SupervisorLeg {
    const journal = {
      changed: (leg: Leg) => this.#journal.supervisor(callId, leg),
      forgotten: ({ id }: Leg) => {
        this.#legs.delete(id);
        this.#journal.supervisorOver(id);
      },
    };
    return new SupervisorLeg(this.#controlOrThrow(), journal, log);
  }

  #onInvite(request: StackRequest, reply: Reply): void {
    if (!request.isNewInvite) {
      respond(reply, { status: 481 });
      return;
    }
    const refusal = this.#refusal;
    if (refusal === undefined) this.#incoming.handle(request, reply);
    else respond(reply, refusal);
  }

  /**
   * In a dialog that drachtio does not know: one of ours from before it was restarted, or none. INVITE, UPDATE and BYE in such a dialog
   * never come here: drachtio answers them with 481 itself (read in drachtio-server 0.9.10).
   */
  #astray(request: StackRequest, reply: Reply): void {
    const ours = [...this.#legs.values()].find(({ leg }) => isIn(leg.record.dialog, request));
    if (ours === undefined) respond(reply, { status: 481 });
    else ours.leg.astray(reply);
  }

  /** What every new call is answered while we take none. */
  get #refusal(): Refusal | undefined {
    if (this.#accepting && this.#control !== undefined) return undefined;
    return { status: 503, headers: { 'Retry-After': '10' } };
  }

  #held(legId: LegId, code: 'unavailable' | 'not-found') {
    const held = this.#legs.get(legId);
    if (held === undefined) throw new EarpieceError(code, 'the phone has hung up');
    return held;
  }

  get #stack(): Stack {
    return this.#connection.stack;
  }

  #controlOrThrow(): CallControl {
    if (this.#control === undefined) throw new EarpieceError('invalid-state', 'nobody controls the calls');
    return this.#control;
  }
}
