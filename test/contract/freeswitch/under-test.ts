import { FreeSwitch, type FreeSwitchOptions } from '../../../src/embedded/freeswitch/freeswitch.ts';
import { EventSocketClient } from './event-socket-client.ts';

/** Where a real FreeSWITCH's event socket is, as `host:port`; of several the first. It has to be one that nobody else uses. */
const ADDRESS = process.env['EARPIECE_FREESWITCH']?.split(',')[0];

/** Whether these tests run against a real FreeSWITCH. What only the miniature can show is left out then. */
export const REAL = ADDRESS !== undefined;

/** The FreeSWITCH that a test talks to, whichever it is. */
export interface FreeSwitchUnderTest {
  readonly eventSocketPort: number;
  readonly sipPort: number;
  readonly password: string;
  /** Not there on a real one. */
  readonly miniature: FreeSwitch | undefined;
  /** Leaves nothing behind: ends the miniature, or every call on the real one. */
  close(): Promise<void>;
}

/** @param options of the miniature; a real one is as it is */
export async function freeSwitchUnderTest(options: FreeSwitchOptions = {}): Promise<FreeSwitchUnderTest> {
  if (ADDRESS !== undefined) return await real(Number(ADDRESS.split(':').at(-1)));
  const { password = 'ClueCon' } = options;
  const miniature = await FreeSwitch.listen(options);
  const { eventSocketPort, sipPort } = miniature;
  return { eventSocketPort, sipPort, password, miniature, close: () => miniature.close() };
}

async function real(eventSocketPort: number): Promise<FreeSwitchUnderTest> {
  const password = process.env['EARPIECE_FREESWITCH_PASSWORD'] ?? 'ClueCon';
  const client = await EventSocketClient.authenticated(eventSocketPort, password);
  const sipPort = Number(/sip:mod_sofia@[\d.]+:(\d+)/.exec(await client.api('sofia status'))?.[1]);
  const close = async (): Promise<void> => {
    await client.command('event json CHANNEL_DESTROY');
    // `status` knows at once, `show channels` only after the database has been told.
    for (let up = await sessions(client); up > 0; up = await sessions(client)) {
      await client.api('hupall');
      await client.event('CHANNEL_DESTROY');
    }
    client.close();
  };
  return { eventSocketPort, sipPort, password, miniature: undefined, close };
}

async function sessions(client: EventSocketClient): Promise<number> {
  return Number(/^(\d+) session\(s\) - peak/m.exec(await client.api('status'))?.[1]);
}
