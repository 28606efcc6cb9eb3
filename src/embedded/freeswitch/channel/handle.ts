import type { Digit, MediaStream } from '../../rtp/engine.ts';
import type { HeaderValue, SwitchEvent } from '../event.ts';
import type { ControlledChannel } from '../eventsocket/core.ts';
import type { CallerProfile } from './channel-headers.ts';
import type { Gate } from './gate.ts';

/** A channel as applications and conferences know it. */
export interface ChannelHandle extends ControlledChannel {
  readonly caller: CallerProfile;
  readonly media: MediaStream;
  /** Its mouth and ears in a conference. */
  readonly gate: Gate;
  readonly variables: Map<string, HeaderValue>;
  /** The number this channel had in its first conference; FreeSWITCH gives it the same one in the next. */
  memberId: number | undefined;
  /** Sets a channel variable; an empty value removes it, as `set` does. */
  setVariable(name: string, value: string): void;
  /** An event with all headers of the channel, its variables, and `extra` last. */
  publish(name: string, extra?: readonly (readonly [string, string])[]): void;
  /** Adds what FreeSWITCH tells of a channel in events about something else, a conference say. */
  describe(event: SwitchEvent): SwitchEvent;
  /** What is recorded of this leg: the file, and how to forget its limit. */
  readonly recordings: Map<string, () => void>;
  /** The digits of the phone, for as long as nobody asks after us. @returns the function that ends it */
  listen(handler: (digit: Digit) => void): () => void;
  hangup(cause?: string): Promise<void>;
  /** Resolves when no application occupies the channel and none waits. */
  idle(): Promise<void>;
  onEnded(handler: () => void): void;
}
