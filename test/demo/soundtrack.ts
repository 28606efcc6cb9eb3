import { streamOf, type ReceivedPacket } from '../support/frames.ts';
import { codecOf, decode } from '../support/g711.ts';
import { sampleRate } from '../support/spectrum.ts';

/** Samples of 8 kHz in a millisecond. */
const perMs = sampleRate / 1000;
/** A stream that is further off its own clock than this has made a new start, ms. */
const leap = 100;

/**
 * What a phone played from `from` to `to` (performance.now(), ms), as one piece: every packet at the place its RTP timestamp gives
 * it within its stream (RFC 3550 5.1), so that the jitter of the network is not heard; silence where nothing came in, and the sum
 * where two streams came in at once.
 */
export function soundtrack(received: readonly ReceivedPacket[], from: number, to: number): Int16Array {
  const track = new Float64Array(Math.max(0, Math.round((to - from) * perMs)));
  const clocks = new Map<string, { readonly timestamp: number; readonly place: number }>();
  for (const packet of received) {
    const codec = codecOf(packet.payloadType);
    if (codec === undefined) continue;
    const arrival = Math.round((packet.at - from) * perMs);
    const clock = clocks.get(streamOf(packet));
    // The 32 bit timestamp wraps; the difference of two near ones does not.
    const expected = clock === undefined ? arrival : clock.place + ((packet.timestamp - clock.timestamp) | 0);
    const place = Math.abs(arrival - expected) > leap * perMs ? arrival : expected;
    clocks.set(streamOf(packet), { timestamp: packet.timestamp, place });
    for (const [n, sample] of decode(codec, packet.payload).entries()) {
      const at = place + n;
      if (at >= 0 && at < track.length) track[at] = (track[at] ?? 0) + sample;
    }
  }
  return Int16Array.from(track, (sample) => Math.max(-32_768, Math.min(32_767, sample)));
}
