import { sdp, type Peer, type SentRequest } from './peer.ts';
import { freshCallId, udpTarget, type ServerUnderTest } from './server-under-test.ts';

/** An INVITE of `caller`, for somebody the server is to find. */
export function callVia(
  server: ServerUnderTest,
  caller: Peer,
  headers: Record<string, string> = {},
  body = sdp(caller.name),
): SentRequest {
  const uri = `sip:agent@127.0.0.1:${server.sipPort}`;
  return caller.send(caller.request('INVITE', uri, freshCallId('call'), headers, body), udpTarget(server));
}
