/** The RTP data packet (RFC 3550 section 5.1). */

/** A packet as it stands on the wire; `payload` is a view into the datagram, without padding. */
export interface RtpPacket {
  readonly marker: boolean;
  readonly payloadType: number;
  readonly sequence: number;
  readonly timestamp: number;
  readonly ssrc: number;
  readonly payload: Uint8Array;
}

export const RTP_HEADER_BYTES = 12;

/** What is no RTP packet of version 2, or ends before it should, is `undefined`. CSRCs and header extension are skipped. */
export function parseRtp(datagram: Buffer): RtpPacket | undefined {
  const length = datagram.length;
  if (length < RTP_HEADER_BYTES) return undefined;
  const first = datagram.readUInt8(0);
  if (first >> 6 !== 2) return undefined;
  const second = datagram.readUInt8(1);
  let start = RTP_HEADER_BYTES + (first & 0x0f) * 4;
  if (first & 0x10) {
    if (start + 4 > length) return undefined;
    start += 4 + datagram.readUInt16BE(start + 2) * 4;
  }
  let end = length;
  if (first & 0x20) {
    const padding = datagram.readUInt8(length - 1);
    if (padding === 0) return undefined;
    end -= padding;
  }
  if (start > end) return undefined;
  return {
    marker: (second & 0x80) !== 0,
    payloadType: second & 0x7f,
    sequence: datagram.readUInt16BE(2),
    timestamp: datagram.readUInt32BE(4),
    ssrc: datagram.readUInt32BE(8),
    payload: datagram.subarray(start, end),
  };
}

/** Writes a header without CSRCs or extension to the start of `into`; the payload follows at RTP_HEADER_BYTES. */
export function writeRtpHeader(into: Buffer, header: Omit<RtpPacket, 'payload'>): void {
  into[0] = 0x80;
  into[1] = (header.marker ? 0x80 : 0) | header.payloadType;
  into.writeUInt16BE(header.sequence, 2);
  into.writeUInt32BE(header.timestamp, 4);
  into.writeUInt32BE(header.ssrc, 8);
}
