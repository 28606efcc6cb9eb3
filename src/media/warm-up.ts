import { randomBytes } from 'node:crypto';
import { EarpieceError } from '../coaching/errors.ts';
import { all } from '../coaching/serial.ts';
import { writeDescription } from './audio-writer.ts';
import { Channel } from './channel.ts';
import { entryDeafAndMute } from './conference-command.ts';
import { conferenceName } from './conference-name.ts';
import type { FreeSwitch } from './freeswitch.ts';
import { SINK } from './sink.ts';

/** What FreeSWITCH 1.10.12 calls the profile of a conference for which it found none of the name. */
const NO_PROFILE = 'none';

/**
 * Holds a conference of two that nobody hears. The second member of the very first conference after FreeSWITCH started
 * takes 500 ms to join, later ones 21 (measured on 1.10.12); and a server that cannot do this is of no use to a call.
 *
 * A conference profile that does not exist is no error to FreeSWITCH: it takes its own defaults, with comfort noise and a gate
 * for quiet voices, and says so nowhere but in the events of the conference (measured on 1.10.12).
 *
 * Rejects with `unavailable` or `timeout`.
 */
export async function warmUp(freeswitch: FreeSwitch, conferenceProfile: string, instance: string): Promise<void> {
  const name = conferenceName({ instance, callId: 'warm-up', suffix: randomBytes(4).toString('hex') });
  const conference = entryDeafAndMute(name, conferenceProfile);
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
        const { profile } = await channel.join(conference);
        if (profile === NO_PROFILE) {
          throw new EarpieceError('unavailable', `it has no conference profile ${conferenceProfile}`);
        }
      } finally {
        await channel.end();
      }
    }),
  );
}
