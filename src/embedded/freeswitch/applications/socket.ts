import { type Application, aborted } from '../channel/application.ts';
import type { ChannelHandle } from '../channel/handle.ts';
import type { EventSocketCore } from '../eventsocket/core.ts';
import { OutboundSession } from '../eventsocket/outbound.ts';

/**
 * `socket <host>:<port> [async] [full]`: lets the application that listens there control the channel. It ends, and with
 * it the call, when that application closes the connection and nothing occupies the channel any more: a playback or
 * a conference goes on to its own end first. The connection outlives a transfer (all measured on FreeSWITCH 1.10.12).
 */
export function socket(core: EventSocketCore): Application {
  return {
    kind: 'resident',
    async run({ channel, argument, signal }) {
      const [address = '', ...options] = argument.split(/\s+/);
      const colon = address.lastIndexOf(':');
      const host = colon < 0 ? address : address.slice(0, colon);
      const port = colon < 0 ? DEFAULT_PORT : Number.parseInt(address.slice(colon + 1), 10);
      channel.variables.set('socket_host', host);
      const session = await OutboundSession.open(core, channel, {
        host,
        port,
        signal,
        async: options.includes('async'),
        full: options.includes('full'),
      });
      channel.onEnded(() => session.channelEnded());
      await Promise.race([untilIdle(session, channel), aborted(signal)]);
      return undefined;
    },
  };
}

const DEFAULT_PORT = 8084;

async function untilIdle(session: OutboundSession, channel: ChannelHandle): Promise<void> {
  await session.closed;
  await channel.idle();
}
