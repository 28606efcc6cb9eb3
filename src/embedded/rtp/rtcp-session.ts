import type { Socket } from 'node:dgram';
import type { Receiver } from './receiver.ts';
import { middleNtp, parseCompound, writeCompound } from './rtcp.ts';
import type { Sender } from './sender.ts';

/** RFC 3550 section 6.2: reports every 5 s, section 6.3.1: times 0.5..1.5 at random. */
const INTERVAL_MS = 5000;

/** The reports of one stream, on the port beside it. */
export class RtcpSession {
  readonly #socket: Socket;
  readonly #sender: Sender;
  readonly #receiver: Receiver;
  readonly #cname: string;
  #nextReport = 0;
  #packetsAtReport = 0;
  #senderReport: { ntp: number; heard: number } | undefined;
  roundTripMs: number | undefined;

  constructor(socket: Socket, cname: string, sender: Sender, receiver: Receiver) {
    this.#socket = socket;
    this.#cname = cname;
    this.#sender = sender;
    this.#receiver = receiver;
    socket.on('message', (datagram, { address }) => {
      if (address === receiver.latch.remote?.address) this.#heard(datagram);
    });
  }

  /** To be called about once a second; @param now ms */
  poll(now: number): void {
    if (this.#nextReport === 0) this.#schedule(now);
    if (now < this.#nextReport) return;
    this.#schedule(now);
    this.#report(now, false);
  }

  /** The last report, with BYE (section 6.6). */
  sayGoodbye(now: number): void {
    this.#report(now, true);
  }

  #schedule(now: number): void {
    this.#nextReport = now + INTERVAL_MS * (0.5 + Math.random());
  }

  #report(now: number, bye: boolean): void {
    const { remote } = this.#receiver.latch;
    const reception = this.#receiver.reception.report();
    const { packets, octets, timestamp, ssrc } = this.#sender;
    // A participant that neither sent nor heard anything was never in the session (section 6.3.7).
    if (!remote || (packets === 0 && !reception)) return;
    const last = this.#senderReport;
    const compound = writeCompound({
      ssrc,
      cname: this.#cname,
      ...(packets > this.#packetsAtReport ? { sender: { wallMs: Date.now(), timestamp, packets, octets } } : {}),
      ...(reception
        ? {
            block: {
              ...reception,
              lastReport: last?.ntp ?? 0,
              delay: last ? Math.round(((now - last.heard) * 65536) / 1000) : 0,
            },
          }
        : {}),
      bye,
    });
    this.#packetsAtReport = packets;
    if (remote.port < 65535) this.#socket.send(compound, remote.port + 1, remote.address);
  }

  #heard(datagram: Buffer): void {
    const heard = parseCompound(datagram, this.#sender.ssrc);
    if (!heard) return;
    if (heard.senderReport !== undefined) this.#senderReport = { ntp: heard.senderReport, heard: performance.now() };
    if (!heard.block || heard.block.lastReport === 0) return;
    const units = (middleNtp(Date.now()) - heard.block.lastReport - heard.block.delay) | 0;
    if (units >= 0) this.roundTripMs = (units * 1000) / 65536;
  }
}
