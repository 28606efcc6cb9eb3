/** RTP packets for the tests (RFC 3550 section 5.1), independent of the product's own reader. */

export interface RtpHeader {
  readonly payloadType: number;
  readonly marker: boolean;
  readonly seq: number;
  readonly timestamp: number;
  readonly ssrc: number;
}

export interface RtpPacket extends RtpHeader {
  readonly payload: Uint8Array;
}

/** Reads one datagram; undefined when it is no RTP of version 2 (RTCP on the same port counts as none, RFC 5761 section 4). */
export function readRtp(datagram: Buffer): RtpPacket | undefined {
  if (datagram.length < 12 || datagram.readUInt8(0) >> 6 !== 2) return undefined;
  const first = datagram.readUInt8(0);
  const second = datagram.readUInt8(1);
  if (second >= 192 && second <= 223) return undefined;
  let start = 12 + 4 * (first & 15);
  if ((first & 0x10) !== 0) {
    if (datagram.length < start + 4) return undefined;
    start += 4 + 4 * datagram.readUInt16BE(start + 2);
  }
  const padding = (first & 0x20) === 0 ? 0 : datagram.readUInt8(datagram.length - 1);
  if (start + padding > datagram.length) return undefined;
  return {
    payloadType: second & 0x7f,
    marker: second >= 0x80,
    seq: datagram.readUInt16BE(2),
    timestamp: datagram.readUInt32BE(4),
    ssrc: datagram.readUInt32BE(8),
    payload: datagram.subarray(start, datagram.length - padding),
  };
}

export function writeRtp(packet: RtpPacket): Buffer {
  const datagram = Buffer.allocUnsafe(12 + packet.payload.length);
  datagram.writeUInt8(0x80, 0);
  datagram.writeUInt8((packet.marker ? 0x80 : 0) | packet.payloadType, 1);
  datagram.writeUInt16BE(packet.seq & 0xffff, 2);
  datagram.writeUInt32BE(packet.timestamp >>> 0, 4);
  datagram.writeUInt32BE(packet.ssrc >>> 0, 8);
  datagram.set(packet.payload, 12);
  return datagram;
}
