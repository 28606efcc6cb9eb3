import type { MediaStream, StreamConfiguration } from '../../rtp/engine.ts';
import { parseNameAddr, parseUri, tagOf } from '../../sip/address.ts';
import type { SipRequest } from '../../sip/message.ts';
import type { SipSource } from '../../sip/transport.ts';

type Variables = Iterable<readonly [string, string]>;

/** The names FreeSWITCH gives the parts of a SIP address: `sip_from_user`, `sip_from_host`, … */
function* addressVariables(prefix: string, uri: string): Variables {
  const { user = 'nobody', host, port } = parseUri(uri);
  yield [`sip_${prefix}_user`, user];
  if (port !== undefined) yield [`sip_${prefix}_port`, String(port)];
  yield [`sip_${prefix}_uri`, `${user}@${host}${port === undefined ? '' : `:${port}`}`];
  yield [`sip_${prefix}_host`, host];
}

/** What a channel's variables say about the INVITE that began it; X- headers become `sip_h_X-…`. */
export function* inviteVariables(
  invite: SipRequest,
  source: SipSource,
  profile: { name: string; url: string; localTag: string },
): Variables {
  const header = (name: string): string => invite.headers.get(name) ?? '';
  const stamp = String(Date.now() * 1000);
  yield* addressVariables('from', parseNameAddr(header('from')).uri);
  yield ['sip_local_network_addr', source.address];
  yield ['sip_network_ip', source.address];
  yield ['sip_network_port', String(source.port)];
  yield ['sip_invite_stamp', stamp];
  yield ['sip_received_ip', source.address];
  yield ['sip_received_port', String(source.port)];
  yield ['sip_via_protocol', source.protocol];
  yield ['sofia_profile_name', profile.name];
  yield ['sofia_profile_url', profile.url];
  yield ['recovery_profile_name', profile.name];
  yield* addressVariables('req', invite.uri);
  yield* addressVariables('to', parseNameAddr(header('to')).uri);
  yield* addressVariables('contact', parseNameAddr(header('contact')).uri);
  if (invite.headers.has('user-agent')) yield ['sip_user_agent', header('user-agent')];
  yield ['max_forwards', header('max-forwards') || '70'];
  for (const [name, value] of invite.headers.entries()) if (/^x-/i.test(name)) yield [`sip_h_${name}`, value];
  yield ['endpoint_disposition', 'ANSWER'];
  yield ['sip_to_tag', profile.localTag];
  yield ['sip_from_tag', tagOf(header('from'))];
  yield ['sip_cseq', header('cseq').split(' ')[0] ?? ''];
  yield ['sip_call_id', header('call-id')];
  yield ['sip_full_via', header('via')];
  yield ['sip_full_from', header('from')];
  yield ['sip_full_to', `${header('to')};tag=${profile.localTag}`];
}

/** What they say about the media agreed on; set anew with every offer and answer. */
export function* mediaVariables(
  stream: MediaStream,
  agreed: { media: StreamConfiguration; local: string; remote: string; address: string },
): Variables {
  const { media, address } = agreed;
  const { name, payloadType } = media.codec;
  yield ['switch_r_sdp', agreed.remote];
  yield ['rtp_local_sdp_str', agreed.local];
  yield ['audio_media_flow', media.direction];
  yield ['rtp_audio_recv_pt', String(payloadType)];
  yield ['rtp_use_codec_name', name];
  yield ['rtp_use_codec_rate', '8000'];
  yield ['rtp_use_codec_ptime', '20'];
  yield ['rtp_use_codec_channels', '1'];
  for (const side of ['read', 'write']) {
    yield [`${side}_codec`, name];
    yield [`${side}_rate`, '8000'];
  }
  yield ['dtmf_type', media.telephoneEvent === undefined ? 'none' : 'rfc2833'];
  yield ['local_media_ip', address];
  yield ['local_media_port', String(stream.port)];
  yield ['advertised_media_ip', address];
  yield ['rtp_use_pt', String(payloadType)];
  yield ['rtp_use_ssrc', String(stream.ssrc)];
  if (media.telephoneEvent !== undefined) {
    yield ['rtp_2833_send_payload', String(media.telephoneEvent)];
    yield ['rtp_2833_recv_payload', String(media.telephoneEvent)];
  }
  yield ['remote_media_ip', media.remote?.address ?? '0.0.0.0'];
  yield ['remote_media_port', String(media.remote?.port ?? 0)];
}
