/** RTCP (RFC 3550 section 6): the compound packets we send, and what we read of those of others. */
import type { ReceptionReport } from './reception.ts';

const SENDER_REPORT = 200;
const RECEIVER_REPORT = 201;
const SOURCE_DESCRIPTION = 202;
const GOODBYE = 203;

export interface ReportBlock extends ReceptionReport {
  /** Middle 32 bits of the NTP time of the last SR heard, and the time since then in 1/65536 s; 0 and 0 before the first. */
  readonly lastReport: number;
  readonly delay: number;
}

export interface SenderCounts {
  /** Wall clock, ms since 1970. */
  readonly wallMs: number;
  readonly timestamp: number;
  readonly packets: number;
  readonly octets: number;
}

export interface Compound {
  readonly ssrc: number;
  readonly cname: string;
  /** Present when something was sent since the last report: then it is a sender report. */
  readonly sender?: SenderCounts;
  readonly block?: ReportBlock;
  readonly bye?: boolean;
}

/** Seconds from 1900 (NTP) to 1970 (RFC 5905 section 6). */
const NTP_OFFSET_S = 2_208_988_800;

/** NTP time as two 32-bit halves: seconds, and fractions of 2^-32 s. */
export function ntpOf(wallMs: number): { seconds: number; fraction: number } {
  const seconds = Math.floor(wallMs / 1000);
  const fraction = Math.floor(((wallMs - seconds * 1000) / 1000) * 2 ** 32);
  return { seconds: (seconds + NTP_OFFSET_S) >>> 0, fraction: fraction >>> 0 };
}

/** The middle 32 bits of NTP time: units of 1/65536 s. */
export function middleNtp(wallMs: number): number {
  const { seconds, fraction } = ntpOf(wallMs);
  return (((seconds & 0xffff) << 16) | (fraction >>> 16)) >>> 0;
}

/** SR or RR, SDES with the CNAME, and BYE where it is the end (section 6.1). */
export function writeCompound({ ssrc, cname, sender, block, bye }: Compound): Buffer {
  const name = Buffer.from(cname, 'utf8').subarray(0, 255);
  // SSRC, item type, length, text, and at least one zero octet, to a multiple of 4.
  const chunk = Math.ceil((4 + 2 + name.length + 1) / 4) * 4;
  const report = 8 + (sender ? 20 : 0) + (block ? 24 : 0);
  const packet = Buffer.alloc(report + 4 + chunk + (bye ? 8 : 0));
  let at = header(packet, 0, block ? 1 : 0, sender ? SENDER_REPORT : RECEIVER_REPORT, report);
  at = packet.writeUInt32BE(ssrc, at);
  if (sender) {
    const { seconds, fraction } = ntpOf(sender.wallMs);
    for (const word of [seconds, fraction, sender.timestamp, sender.packets >>> 0, sender.octets >>> 0]) {
      at = packet.writeUInt32BE(word, at);
    }
  }
  if (block) {
    at = packet.writeUInt32BE(block.ssrc, at);
    at = packet.writeUInt8(block.fractionLost, at);
    at = packet.writeIntBE(block.packetsLost, at, 3);
    for (const word of [block.highestSequence, block.jitter, block.lastReport, block.delay]) {
      at = packet.writeUInt32BE(word >>> 0, at);
    }
  }
  at = header(packet, at, 1, SOURCE_DESCRIPTION, 4 + chunk);
  const end = at + chunk;
  at = packet.writeUInt32BE(ssrc, at);
  packet[at] = 1;
  packet[at + 1] = name.length;
  name.copy(packet, at + 2);
  if (bye) packet.writeUInt32BE(ssrc, header(packet, end, 1, GOODBYE, 8));
  return packet;
}

function header(packet: Buffer, at: number, count: number, type: number, bytes: number): number {
  packet[at] = 0x80 | count;
  packet[at + 1] = type;
  return packet.writeUInt16BE(bytes / 4 - 1, at + 2);
}

/** What is of use to us in a compound packet. */
export interface Heard {
  /** Middle 32 bits of the NTP time of a sender report. */
  readonly senderReport?: number;
  /** What the other side says of our stream. */
  readonly block?: { readonly lastReport: number; readonly delay: number; readonly packetsLost: number };
  readonly bye: boolean;
}

/** @param ours the SSRC whose report block is looked for; @returns nothing when it is not valid RTCP (appendix A.2) */
export function parseCompound(datagram: Buffer, ours: number): Heard | undefined {
  let senderReport: number | undefined;
  let block: Heard['block'];
  let bye = false;
  for (let at = 0; at < datagram.length; ) {
    if (at + 8 > datagram.length) return undefined;
    const first = datagram.readUInt8(at);
    const type = datagram.readUInt8(at + 1);
    const end = at + 4 + datagram.readUInt16BE(at + 2) * 4;
    if (first >> 6 !== 2 || end > datagram.length) return undefined;
    if (at === 0 && type !== SENDER_REPORT && type !== RECEIVER_REPORT) return undefined;
    let blocks = at + 8;
    if (type === SENDER_REPORT && at + 28 <= end) {
      senderReport = datagram.readUInt32BE(at + 10);
      blocks = at + 28;
    }
    if (type === SENDER_REPORT || type === RECEIVER_REPORT) {
      for (let i = 0; i < (first & 0x1f) && blocks + 24 <= end; i++, blocks += 24) {
        if (datagram.readUInt32BE(blocks) !== ours) continue;
        block = {
          packetsLost: datagram.readIntBE(blocks + 5, 3),
          lastReport: datagram.readUInt32BE(blocks + 16),
          delay: datagram.readUInt32BE(blocks + 20),
        };
      }
    }
    if (type === GOODBYE) bye = true;
    at = end;
  }
  return { ...(senderReport !== undefined ? { senderReport } : {}), ...(block ? { block } : {}), bye };
}
