import { randomUUID } from 'node:crypto';
import { Channel } from './channel.ts';
import { conferenceName, entryDeafAndMute } from './conference-command.ts';
import type { FreeSwitch } from './freeswitch.ts';
import { all } from '../coaching/serial.ts';
import { writeDescription } from './audio-writer.ts';
import { SINK } from './sink.ts';

/**
 * Holds a conference of two that nobody hears. The second member of the very first conference after FreeSWITCH started
 * takes 500 ms to join, later ones 21 (measured on 1.10.12); and a server that cannot do this is of no use to a call.
 * Rejects with `unavailable` or `timeout`.
 */
export async function warmUp(freeswitch: FreeSwitch, conferenceProfile: string): Promise<void> {
  const conference = entryDeafAndMute(conferenceName('warm-up', randomUUID()), conferenceProfile);
  const nobody = writeDescription({
    rtp: SINK,
    direction: 'sendrecv',
    codecs: ['PCMU'],
    telephoneEvent: 101,
    ptime: 20,
    version: 1,
  });
  await all(
    [1, 2].map(async () => {
      const channel = await Channel.open(freeswitch, nobody);
      try {
        await channel.join(conference);
      } finally {
        await channel.end();
      }
    }),
  );
}
