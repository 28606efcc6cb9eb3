import type { SwitchEvent } from '../event.ts';
import type { SessionHost } from './session.ts';

/** `sendmsg … execute`: one application to be run on a channel. */
export interface ExecuteMessage {
  readonly application: string;
  readonly argument: string;
  /** Becomes Application-UUID in the events about it, which is how clients recognise their own. */
  readonly uuid?: string | undefined;
  /** How many times in a row; 1 unless told. */
  readonly loops?: number;
}

/** A channel, as far as an event socket has to do with it. */
export interface ControlledChannel {
  readonly uuid: string;
  readonly name: string;
  /** CHANNEL_DATA: all headers and variables. */
  snapshot(): SwitchEvent;
  variable(name: string): string | undefined;
  /** Queues an application. @returns a promise of its end (also when the channel was hung up meanwhile) */
  execute(message: ExecuteMessage): Promise<void>;
  hangup(cause?: string): Promise<void>;
}

/** What the event socket needs of the server. */
export interface EventSocketCore extends SessionHost {
  channel(uuid: string): ControlledChannel | undefined;
  /** Runs an api command. @returns the text of the reply, never empty */
  api(command: string, argument: string): Promise<string>;
}
