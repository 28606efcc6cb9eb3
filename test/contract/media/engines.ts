import { DrachtioServer } from '../../../src/embedded/drachtio/server.ts';
import { FreeSwitch } from '../../../src/embedded/freeswitch/freeswitch.ts';
import type { DrachtioAddress } from '../../../src/media/drachtio.ts';
import type { MediaServerAddress } from '../../../src/media/freeswitch.ts';

/** The servers a test runs against: the miniatures, or real ones named by the environment as host:port. */
export interface Engines extends AsyncDisposable {
  readonly real: boolean;
  readonly drachtio: DrachtioAddress;
  readonly freeswitch: MediaServerAddress;
}

/**
 * Password and secret of the real ones are those they come with; their conference profile must be called `lab`. As all
 * files then share one FreeSWITCH and count its channels, run them with `--no-file-parallelism`.
 */
export async function startEngines(): Promise<Engines> {
  const { EARPIECE_DRACHTIO, EARPIECE_FREESWITCH } = process.env;
  if (EARPIECE_DRACHTIO !== undefined && EARPIECE_FREESWITCH !== undefined) {
    return {
      real: true,
      drachtio: { ...address(EARPIECE_DRACHTIO), secret: 'cymru' },
      freeswitch: { ...address(EARPIECE_FREESWITCH), password: 'ClueCon' },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  const drachtio = await DrachtioServer.listen({ secret: 'cymru' });
  const freeswitch = await FreeSwitch.listen({ password: 'ClueCon' });
  return {
    real: false,
    drachtio: { host: '127.0.0.1', port: drachtio.adminPort, secret: 'cymru' },
    freeswitch: { host: '127.0.0.1', port: freeswitch.eventSocketPort, password: 'ClueCon' },
    [Symbol.asyncDispose]: async () => {
      await freeswitch.close();
      await drachtio.close();
    },
  };
}

function address(text: string): { host: string; port: number } {
  const [host = '', port = ''] = text.split(':');
  return { host, port: Number(port) };
}
