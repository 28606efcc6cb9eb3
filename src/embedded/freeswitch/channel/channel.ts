import { randomUUID } from 'node:crypto';
import type { Digit, MediaStream } from '../../rtp/engine.ts';
import type { EventBus } from '../event-bus.ts';
import type { HeaderValue, SwitchEvent } from '../event.ts';
import type { ExecuteMessage } from '../eventsocket/core.ts';
import type { Application, Step } from './application.ts';
import { CALL_STATES, type CallState, type CoreState, type Life } from './call-state.ts';
import { type CallerProfile, channelHeaders, type ChannelFacts, profileHeaders } from './channel-headers.ts';
import { Execution } from './execution.ts';
import { Gate } from './gate.ts';
import { stopAllRecordings } from '../applications/session-recording.ts';
import type { ChannelHandle } from './handle.ts';
import { NORMAL_CLEARING } from './hangup-cause.ts';

/** The SIP side of a channel. */
export interface Signalling {
  /** Ends the dialog with a BYE that names the cause. */
  bye(cause: string): void;
}

export interface ChannelParts {
  readonly bus: EventBus;
  readonly name: string;
  readonly caller: CallerProfile;
  readonly media: MediaStream;
  readonly signalling: Signalling;
  readonly applications: ReadonlyMap<string, Application>;
  readonly variables: Iterable<readonly [string, string]>;
}

/** One leg as FreeSWITCH's core sees it: variables, call state, the applications it runs, and its end. */
export class Channel implements ChannelHandle {
  readonly uuid = randomUUID() as string;
  readonly name: string;
  readonly caller: CallerProfile;
  readonly media: MediaStream;
  readonly gate: Gate;
  readonly variables = new Map<string, HeaderValue>();
  readonly recordings = new Map<string, () => void>();
  readonly createdAt = Date.now();
  readonly #bus: EventBus;
  readonly #signalling: Signalling;
  readonly #execution: Execution;
  readonly #onEnded: (() => void)[] = [];
  /** The last one gets the digit: applications are nested, and the innermost reads. */
  #listeners: readonly ((digit: Digit) => void)[] = [];
  #life: Life = { kind: 'up', core: 'CS_EXECUTE', call: 'ACTIVE' };
  #hungUpAt: number | undefined;
  #ending: Promise<void> | undefined;
  #steps: readonly Step[] = [];
  memberId: number | undefined;

  constructor(parts: ChannelParts) {
    this.name = parts.name;
    this.caller = parts.caller;
    this.media = parts.media;
    this.gate = new Gate(parts.media);
    this.#bus = parts.bus;
    this.#signalling = parts.signalling;
    this.#execution = new Execution(this, parts.applications);
    this.variables.set('direction', 'inbound').set('uuid', this.uuid);
    for (const [name, value] of parts.variables) this.variables.set(name, value);
    this.variables.set('call_uuid', this.uuid);
    this.media.onDigit((digit) => this.digit(digit, 'RTP'));
  }

  get life(): Life {
    return this.#life;
  }

  /** What the dialplan is following, for `show channels`. */
  get dialplan(): readonly Step[] {
    return this.#steps;
  }

  variable(name: string): string | undefined {
    const value = this.variables.get(name);
    return value === undefined || typeof value === 'string' ? value : `ARRAY::${value.join('|:')}`;
  }

  setVariable(name: string, value: string): void {
    if (value === '' || value === '_undef_') this.variables.delete(name);
    else this.variables.set(name, value);
  }

  follow(steps: readonly Step[]): void {
    this.#steps = steps;
    this.#execution.follow(steps);
  }

  /**
   * Leaves the present dialplan for another; the event socket that controls the channel keeps it. A bridge is entered
   * quietly, without the call states of a new beginning.
   */
  async transfer(steps: readonly Step[], how: 'anew' | 'quietly' = 'anew'): Promise<void> {
    this.#steps = steps;
    await this.#execution.transfer(steps, () => {
      if (how === 'quietly') return;
      this.#setCall('RINGING', 'CS_ROUTING');
      this.#setCall('ACTIVE', 'CS_EXECUTE');
    });
  }

  execute(message: ExecuteMessage): Promise<void> {
    const { application, argument, uuid, loops = 1 } = message;
    const times = Array.from({ length: Math.max(1, loops) });
    this.variables.set('current_loop', '1').set('total_loops', String(times.length));
    return Promise.all(times.map(() => this.#execution.message({ application, argument, uuid }))).then(() => undefined);
  }

  break(options: { all: boolean }): void {
    void this.#execution.break(options);
  }

  idle(): Promise<void> {
    return this.#execution.idle();
  }

  /** The peer has put the call on hold, or taken it back. */
  hold(on: boolean): void {
    const held = this.#life.call === 'HELD';
    if (held === on) return;
    if (on) this.#setCall('HELD', 'CS_EXECUTE');
    else {
      this.#setCall('UNHELD', 'CS_EXECUTE');
      this.#setCall('ACTIVE', 'CS_EXECUTE');
    }
  }

  /** @param digit.duration in samples of 1/8000 s */
  digit(digit: Digit, source: 'RTP' | 'INFO' | 'APP'): void {
    this.#publishPlain('DTMF', [
      ['DTMF-Digit', digit.digit],
      ['DTMF-Duration', String(digit.duration)],
      ['DTMF-Source', source],
    ]);
    this.#listeners.at(-1)?.(digit);
  }

  listen(handler: (digit: Digit) => void): () => void {
    this.#listeners = [...this.#listeners, handler];
    return () => {
      this.#listeners = this.#listeners.filter((each) => each !== handler);
    };
  }

  onEnded(handler: () => void): void {
    this.#onEnded.push(handler);
  }

  /**
   * Ends the channel: BYE at once (unless the peer sent it), then everything that runs, then the channel itself.
   * Idempotent; resolves when the media is out of every conference and closed. Never rejects.
   */
  hangup(cause = NORMAL_CLEARING, by: 'us' | 'peer' = 'us'): Promise<void> {
    this.#ending ??= this.#end(cause, by);
    return this.#ending;
  }

  publish(name: string, extra: readonly (readonly [string, string])[] = []): void {
    const event = this.#bus.create(name).setAll(channelHeaders(this.#facts()));
    this.#bus.publish(this.#addVariables(event).setAll(extra));
  }

  describe(event: SwitchEvent): SwitchEvent {
    return event.setAll(channelHeaders(this.#facts()));
  }

  snapshot(): SwitchEvent {
    const facts = this.#facts();
    const event = this.#bus.create('CHANNEL_DATA').setAll(profileHeaders('Channel', facts));
    return this.#addVariables(event.setAll(channelHeaders(facts)));
  }

  async #end(cause: string, by: 'us' | 'peer'): Promise<void> {
    this.#life = { kind: 'ending', core: 'CS_EXECUTE', call: this.#life.call, cause };
    this.#hungUpAt = Date.now();
    this.variables.set('hangup_cause', cause);
    this.publish('CHANNEL_HANGUP');
    if (by === 'us') this.#signalling.bye(cause);
    await this.#execution.stop();
    await stopAllRecordings(this);
    this.#setCall('HANGUP', 'CS_HANGUP');
    this.#life = { kind: 'ending', core: 'CS_REPORTING', call: 'HANGUP', cause };
    this.#publishPlain('CHANNEL_STATE', []);
    this.publish('CHANNEL_HANGUP_COMPLETE');
    this.#life = { kind: 'ending', core: 'CS_DESTROY', call: 'HANGUP', cause };
    this.#publishPlain('CHANNEL_STATE', []);
    this.publish('CHANNEL_DESTROY');
    for (const handler of this.#onEnded) handler();
    try {
      await this.media.close();
    } catch {
      // A media engine that is gone has taken the stream along.
    }
  }

  #setCall(call: CallState, core: CoreState): void {
    const life = this.#life;
    const before = life.call;
    if (life.kind === 'ending') this.#life = { ...life, call, core };
    else if (call !== 'HANGUP' && (core === 'CS_EXECUTE' || core === 'CS_ROUTING'))
      this.#life = { ...life, call, core };
    this.#publishPlain(
      'CHANNEL_CALLSTATE',
      [],
      [
        ['Original-Channel-Call-State', before],
        ['Channel-Call-State-Number', String(CALL_STATES[call])],
      ],
    );
  }

  /** Events about state and digits carry no variables. */
  #publishPlain(
    name: string,
    extra: readonly (readonly [string, string])[],
    first: readonly (readonly [string, string])[] = [],
  ): void {
    this.#bus.publish(this.#bus.create(name).setAll(first).setAll(channelHeaders(this.#facts())).setAll(extra));
  }

  #addVariables(event: SwitchEvent): SwitchEvent {
    for (const [name, value] of this.variables) event.set(`variable_${name}`, value);
    return event;
  }

  #facts(): ChannelFacts {
    return {
      uuid: this.uuid,
      name: this.name,
      life: this.#life,
      caller: this.caller,
      codec: this.variable('read_codec') ?? 'PCMU',
      createdAt: this.createdAt,
      hungUpAt: this.#hungUpAt,
    };
  }
}
