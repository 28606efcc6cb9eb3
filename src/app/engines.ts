import { randomBytes } from 'node:crypto';
import type { Config } from '../config.ts';
import { DrachtioServer } from '../embedded/drachtio/server.ts';
import { FreeSwitch } from '../embedded/freeswitch/freeswitch.ts';
import type { MediaServerAddress } from '../media/freeswitch.ts';

interface Address {
  readonly host: string;
  readonly port: number;
}

/** Where the SIP server and the media servers are, whichever they are. */
export interface Engines {
  readonly drachtio: Address & { readonly secret: string };
  readonly mediaServers: readonly MediaServerAddress[];
  /** The embedded engines, where they run in this process. */
  readonly embedded: { readonly drachtio: DrachtioServer | undefined; readonly freeswitch: FreeSwitch | undefined };
  close(): Promise<void>;
}

/** Starts the embedded engines that the configuration asks for, and says where all of them are. */
export async function startEngines({ sip, media }: Config): Promise<Engines> {
  const secret = randomBytes(16).toString('hex');
  const drachtio =
    sip.engine === 'embedded'
      ? await DrachtioServer.listen({ adminHost: '127.0.0.1', adminPort: 0, secret, host: sip.host, sipPort: sip.port })
      : undefined;
  let freeswitch: FreeSwitch | undefined;
  try {
    freeswitch =
      media.engine === 'embedded'
        ? await FreeSwitch.listen({
            host: media.host,
            password: secret,
            rtpPortRange: [media.rtpPorts.min, media.rtpPorts.max],
          })
        : undefined;
  } catch (error) {
    await drachtio?.close();
    throw error;
  }
  return {
    drachtio: drachtio === undefined ? sip.drachtio : { host: '127.0.0.1', port: drachtio.adminPort, secret },
    mediaServers:
      freeswitch === undefined
        ? media.freeswitch
        : [{ host: media.host, port: freeswitch.eventSocketPort, password: secret }],
    embedded: { drachtio, freeswitch },
    close: async () => {
      await drachtio?.close();
      await freeswitch?.close();
    },
  };
}
