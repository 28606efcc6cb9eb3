import type { StreamStats } from '../../rtp/engine.ts';

/** The counters of `uuid_dump`, under the names of FreeSWITCH's channel variables. */
export function mediaStatistics(stats: StreamStats): [string, string][] {
  const lost = Math.max(0, stats.packetsLost);
  const lossRate = stats.packetsReceived === 0 ? 0 : (100 * lost) / (stats.packetsReceived + lost);
  return [
    ['rtp_audio_in_packet_count', String(stats.packetsReceived)],
    ['rtp_audio_in_media_packet_count', String(stats.packetsReceived)],
    ['rtp_audio_in_skip_packet_count', String(stats.packetsRejected)],
    ['rtp_audio_in_jitter_loss_rate', lossRate.toFixed(2)],
    ['rtp_audio_in_jitter_max_variance', stats.jitterMs.toFixed(2)],
    ['rtp_audio_in_flaw_total', String(stats.concealedFrames)],
    ['rtp_audio_out_packet_count', String(stats.packetsSent)],
    ['rtp_audio_out_media_packet_count', String(stats.packetsSent)],
  ];
}
