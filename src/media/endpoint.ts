import { randomUUID } from 'node:crypto';
import type Mrf from 'drachtio-fsmrf';
import { EarpieceError } from '../coaching/errors.ts';
import type { Sdp } from '../coaching/leg.ts';
import { sayBye } from './bye.ts';
import type { Patience } from './patience.ts';
import { withSecondTry } from './second-try.ts';

/** A channel of FreeSWITCH as it was made: our SIP dialog with it, and the outbound event socket on which it reports. */
export interface Endpoint {
  readonly dialog: Mrf.SipDialog;
  readonly events: Mrf.EventSocket;
}

/** How long making an endpoint may take, and the BYE to one that came to nothing; ms. */
export interface EndpointLimits {
  readonly setupTimeoutMs: number;
  readonly replyTimeoutMs: number;
}

/** What is used of a media server to make an endpoint. */
export type EndpointServer = Pick<
  Mrf.MediaServer,
  'srf' | 'sip' | 'advertisedAddress' | 'advertisedPort' | 'pendingConnections'
>;

/** A call that FreeSWITCH has answered. */
interface Answered {
  readonly id: string;
  readonly dialog: Mrf.SipDialog;
  readonly connected: Promise<Mrf.EventSocket>;
  readonly hungUp: Promise<undefined>;
}

/**
 * Makes a channel that talks to this description: FreeSWITCH answers an INVITE, and its channel connects back to us.
 * Rejects with `unavailable` or `timeout`; then no channel is left.
 *
 * Not by createEndpoint of drachtio-fsmrf 4.1.2, of which only the hand-over of the connection is used. When FreeSWITCH cannot
 * connect back it hangs up; createEndpoint does not notice, and sends its own BYE after 4 s without waiting for the outcome:
 * drachtio's "unable to find dialog" is then a rejection that nobody handles, and ends the process (measured).
 */
export async function makeEndpoint(
  server: EndpointServer,
  remote: Sdp,
  patience: Patience,
  { setupTimeoutMs, replyTimeoutMs }: EndpointLimits,
): Promise<Endpoint> {
  const deadline = performance.now() + setupTimeoutMs;
  const abandon = async ({ id, dialog }: Answered) => {
    server.pendingConnections.delete(id);
    if (dialog.connected) await sayBye(dialog, replyTimeoutMs).catch(alreadyGone);
  };
  const answering = withSecondTry(() => invite(server, remote));
  const answered = await patience.wait('making an endpoint', setupTimeoutMs, answering, (late) => void abandon(late));
  const { dialog, connected, hungUp } = answered;
  try {
    const remaining = Math.max(0, deadline - performance.now());
    const events = await patience.wait('connecting back', remaining, Promise.race([connected, hungUp]));
    if (events === undefined) throw new EarpieceError('unavailable', `FreeSWITCH hung up ${unreached(server)}`);
    // It may have ended since, when nobody listened yet.
    if (!dialog.connected || events.socket === null) {
      throw new EarpieceError('unavailable', 'the channel ended as soon as it was made');
    }
    return { dialog, events };
  } catch (error) {
    await abandon(answered);
    const failure = EarpieceError.from(error);
    if (failure.code !== 'timeout') throw failure;
    throw new EarpieceError('timeout', `FreeSWITCH took more than ${setupTimeoutMs} ms ${unreached(server)}`);
  }
}

async function invite(server: EndpointServer, remote: Sdp): Promise<Answered> {
  const id = randomUUID();
  const connected = new Promise<Mrf.EventSocket>((resolve) => server.pendingConnections.set(id, { fn: resolve }));
  const headers = {
    // By this fsmrf knows which connection is whose: FreeSWITCH hands it on as a variable of the channel.
    'User-Agent': `drachtio-fsmrf:${id}`,
    // Where our dialplan makes the channel connect to.
    'X-esl-outbound': `${server.advertisedAddress}:${server.advertisedPort}`,
  };
  try {
    return await new Promise<Answered>((resolve, reject) => {
      const uri = `sip:drachtio@${server.sip.ipv4.udp.address}`;
      server.srf.createUAC(uri, { headers, localSdp: remote }, {}, (error, dialog) => {
        if (dialog === undefined) {
          reject(error instanceof Error ? error : new Error(String(error)));
          return;
        }
        // Here and not after an await: a BYE may be right behind the 200.
        const hungUp = new Promise<undefined>((hungUp) => dialog.once('destroy', () => hungUp(undefined)));
        resolve({ id, dialog, connected, hungUp });
      });
    });
  } catch (error) {
    server.pendingConnections.delete(id);
    throw error;
  }
}

/** Without the port, which is another at each attempt, so that a reason that stays is logged once. */
const unreached = ({ advertisedAddress }: EndpointServer): string =>
  `before it had connected back: it must reach us at ${advertisedAddress} ` +
  "(check media.listenAddress, the server's advertisedAddress, and firewalls)";

/** A BYE that fails: the dialog is over, or FreeSWITCH is, and with either the channel. */
function alreadyGone(): void {
  return undefined;
}
