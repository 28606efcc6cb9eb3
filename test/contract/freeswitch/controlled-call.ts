import { Caller, sdp } from './caller.ts';
import type { Controller, EventSocketClient, Frame } from './event-socket-client.ts';

const EVENTS =
  'CHANNEL_EXECUTE CHANNEL_EXECUTE_COMPLETE CHANNEL_PROGRESS_MEDIA CHANNEL_CALLSTATE CHANNEL_ANSWER DTMF ' +
  'SWITCH_EVENT_PLAYBACK_START SWITCH_EVENT_PLAYBACK_STOP CUSTOM conference::maintenance';

/** A call whose channel a test controls over the outbound event socket, as drachtio-fsmrf does. */
export interface ControlledCall {
  readonly uuid: string;
  readonly caller: Caller;
  readonly control: EventSocketClient;
  /** What `connect` was answered with. */
  readonly connected: Frame;
}

/** Calls, waits for the connection, subscribes to what fsmrf subscribes to. */
export async function controlledCall(
  server: { readonly sipPort: number },
  controller: Controller,
  port = 40_000,
): Promise<ControlledCall> {
  const caller = await Caller.open(server.sipPort);
  await caller.call(sdp({ port }), controller.headers);
  const control = await controller.next();
  const connected = await control.command('connect');
  const uuid = connected.headers.get('Channel-Unique-ID') ?? '';
  await control.command(`event json ${EVENTS}`);
  await control.command(`filter Unique-ID ${uuid}`);
  return { uuid, caller, control, connected };
}

/** @returns the add-member event */
export async function join(call: ControlledCall, conference: string): Promise<Readonly<Record<string, string>>> {
  await call.control.execute('conference', conference);
  return call.control.event('CUSTOM', 'add-member');
}
