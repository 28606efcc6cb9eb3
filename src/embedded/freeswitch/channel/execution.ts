import { randomUUID } from 'node:crypto';
import type { Application, Step } from './application.ts';
import type { ChannelHandle } from './handle.ts';

interface Queued {
  readonly step: Step;
  readonly ended: () => void;
}

interface Running {
  readonly step: Step;
  readonly application: Application;
  readonly stop: AbortController;
}

/**
 * Runs the applications of one channel: its dialplan step by step, and inside of it what `sendmsg` asks for. Applications
 * are nested: what is asked for while another one plays, records or waits begins at once, inside of that one (measured on
 * FreeSWITCH 1.10.12); only a second conference waits for the end of the first. The dialplan's end hangs up.
 */
export class Execution {
  readonly #channel: ChannelHandle;
  readonly #applications: ReadonlyMap<string, Application>;
  /** What runs, with the promise of its end. */
  readonly #running = new Map<Running, Promise<void>>();
  readonly #queue: Queued[] = [];
  readonly #idle: (() => void)[] = [];
  #plan = new AbortController();
  #planEnded: Promise<void> = Promise.resolve();
  #draining = false;
  #stopped = false;

  constructor(channel: ChannelHandle, applications: ReadonlyMap<string, Application>) {
    this.#channel = channel;
    this.#applications = applications;
  }

  /** Starts a dialplan. */
  follow(steps: readonly Step[]): void {
    if (!this.#stopped) this.#planEnded = this.#follow(steps, this.#plan.signal);
  }

  /** Leaves the present dialplan and whatever runs in it for another one. Resolves when the old one is left. */
  async transfer(steps: readonly Step[], onLeft: () => void): Promise<void> {
    if (this.#stopped) return;
    const left = this.#abandon();
    const { signal } = (this.#plan = new AbortController());
    await left;
    if (signal.aborted) return; // hung up or transferred again meanwhile
    onLeft();
    this.follow(steps);
  }

  /** Resolves when everything has ended that ran. Nothing runs any more afterwards. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#abandon();
  }

  /** A message from an event socket. @returns a promise of its end */
  message(step: Step): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    // A hang-up never waits for anything.
    if (step.application === 'hangup') return this.#perform(step);
    return new Promise((ended) => {
      this.#queue.push({ step, ended });
      void this.#drain();
    });
  }

  /** `uuid_break`: ends what plays or waits, the innermost first; a conference or a parked channel stays what it is. */
  async break(options: { all: boolean }): Promise<void> {
    if (options.all) for (const { ended } of this.#queue.splice(0)) ended();
    for (const [{ step, application, stop }, end] of [...this.#running].reverse()) {
      if (application.kind !== 'occupying' || step.application === 'conference') continue;
      stop.abort();
      await end;
    }
  }

  /** Resolves when no application occupies the channel and none waits. */
  idle(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  async #follow(steps: readonly Step[], signal: AbortSignal): Promise<void> {
    for (const step of steps) {
      if (signal.aborted) return;
      await this.#perform(step);
    }
    if (!signal.aborted) void this.#channel.hangup();
  }

  /** Ends all that runs and forgets all that waits. */
  async #abandon(): Promise<void> {
    for (const { ended } of this.#queue.splice(0)) ended();
    this.#plan.abort();
    for (const { stop } of this.#running.keys()) stop.abort();
    await Promise.all([...this.#running.values(), this.#planEnded]);
  }

  async #drain(): Promise<void> {
    if (this.#draining) return;
    this.#draining = true;
    for (let next = this.#queue[0]; next !== undefined && this.#mayStart(next.step); next = this.#queue[0]) {
      this.#queue.shift();
      const performed = this.#perform(next.step).then(next.ended);
      if (this.#kindOf(next.step) === 'instant') await performed;
    }
    this.#draining = false;
  }

  #mayStart(step: Step): boolean {
    if (step.application !== 'conference') return true;
    return ![...this.#running.keys()].some((each) => each.step.application === 'conference');
  }

  #perform(step: Step): Promise<void> {
    const application = this.#applications.get(step.application);
    if (application === undefined) {
      // Measured on FreeSWITCH 1.10.12: an unknown application hangs the channel up, without an event about itself.
      void this.#channel.hangup('DESTINATION_OUT_OF_ORDER');
      return Promise.resolve();
    }
    const running: Running = { step, application, stop: new AbortController() };
    const end = Promise.resolve().then(() => this.#run(running));
    const cleared = end.finally(() => {
      this.#running.delete(running);
      if (this.#isIdle()) for (const resolve of this.#idle.splice(0)) resolve();
      void this.#drain();
    });
    this.#running.set(running, cleared);
    return cleared;
  }

  async #run(running: Running): Promise<void> {
    const { step, application, stop } = running;
    const channel = this.#channel;
    const headers: [string, string][] = [['Application', step.application]];
    if (step.argument) headers.push(['Application-Data', step.argument]);
    channel.variables.set('current_application_data', step.argument);
    channel.variables.set('current_application', step.application);
    const id: [string, string] = ['Application-UUID', step.uuid ?? randomUUID()];
    channel.publish('CHANNEL_EXECUTE', [...headers, id]);
    const response = await this.#respond(application, step, stop.signal);
    if (application.kind !== 'instant') await this.#endOfGuests(running);
    channel.variables.set('current_application_response', response);
    channel.publish('CHANNEL_EXECUTE_COMPLETE', [...headers, ['Application-Response', response], id]);
  }

  async #respond(application: Application, step: Step, signal: AbortSignal): Promise<string> {
    try {
      const response = await application.run({ channel: this.#channel, argument: step.argument, signal });
      return response ?? '_none_';
    } catch (error) {
      return `-ERR ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  /** What was run inside of an application ends before it, and says so first. */
  async #endOfGuests(host: Running): Promise<void> {
    const all = [...this.#running];
    const later = all.slice(all.findIndex(([running]) => running === host) + 1);
    const guests = later.filter(([{ application }]) => application.kind !== 'resident');
    await Promise.all(guests.map(([, end]) => end));
  }

  #isIdle(): boolean {
    const occupied = [...this.#running.keys()].some(({ application }) => application.kind === 'occupying');
    return this.#queue.length === 0 && !occupied;
  }

  #kindOf(step: Step): Application['kind'] | undefined {
    return this.#applications.get(step.application)?.kind;
  }
}
