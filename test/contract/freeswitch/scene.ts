import { RtpProbe } from '../../support/probe.ts';
import { tone } from '../../support/tone.ts';
import type { Voice } from '../../support/voice.ts';
import { type ControlledCall, controlledCall } from './controlled-call.ts';
import { Controller, EventSocketClient, type JsonEvent } from './event-socket-client.ts';
import { type FreeSwitchUnderTest, freeSwitchUnderTest } from './under-test.ts';

/** Names of the voices, each a tone of its own. */
type Name = 'customer' | 'agent' | 'supervisor';

/** A call with a phone that speaks and listens. */
export interface Party extends ControlledCall {
  readonly probe: RtpProbe;
  readonly voice: Voice;
}

/** A FreeSWITCH, whichever it is, with a client of its event socket and parties that call it. */
export class Scene implements AsyncDisposable {
  readonly server: FreeSwitchUnderTest;
  readonly controller: Controller;
  readonly client: EventSocketClient;
  readonly #open: { close(): unknown }[] = [];

  private constructor(server: FreeSwitchUnderTest, controller: Controller, client: EventSocketClient) {
    this.server = server;
    this.controller = controller;
    this.client = client;
  }

  static async open(): Promise<Scene> {
    const server = await freeSwitchUnderTest();
    const controller = await Controller.listen();
    return new Scene(server, controller, await EventSocketClient.authenticated(server.eventSocketPort));
  }

  async party(name: Name): Promise<Party> {
    const probe = await RtpProbe.open({ name, voice: tone(name) });
    const call = await controlledCall(this.server, this.controller, probe.port);
    this.#open.push(probe, call.control, call.caller);
    const port = Number(await this.client.api(`uuid_getvar ${call.uuid} local_media_port`));
    probe.sendTo({ address: '127.0.0.1', port });
    return { ...call, probe, voice: probe.voice };
  }

  /** Runs an application. @returns its CHANNEL_EXECUTE_COMPLETE */
  async run(call: ControlledCall, application: string, argument = ''): Promise<JsonEvent> {
    await call.control.execute(application, argument);
    return this.end(call, application);
  }

  /** The end of an application that runs. Nobody else may wait for events of that call meanwhile. */
  end({ control }: ControlledCall, application: string): Promise<JsonEvent> {
    return control.events.nextWhere(
      (event) => event['Event-Name'] === 'CHANNEL_EXECUTE_COMPLETE' && event['Application'] === application,
    );
  }

  /** Joins. @returns the member's number */
  async join({ control }: ControlledCall, conference: string): Promise<number> {
    await control.execute('conference', conference);
    return Number((await control.event('CUSTOM', 'add-member'))['Member-ID']);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of this.#open.splice(0)) await each.close();
    this.client.close();
    this.controller.close();
    await this.server.close();
  }
}
