import type { SipTarget, SipTransport } from '../../src/embedded/sip/transport.ts';

export interface HistoryEntry {
  /** performance.now(), ms. */
  readonly at: number;
  readonly direction: 'sent' | 'received' | 'note';
  /** `udp/address:port` */
  readonly peer: string;
  readonly text: string;
}

const peerOf = ({ protocol, address, port }: SipTarget) => `${protocol}/${address}:${port}`;

/** All SIP that a phone sent and received, repetitions too: what a failed test is explained with. */
export class SipHistory {
  readonly entries: HistoryEntry[] = [];

  /** Writes down what this transport does. Must come before a transaction layer takes its messages. */
  record(transport: SipTransport): void {
    const send = transport.sendBytes.bind(transport);
    const receive = transport.onMessage.bind(transport);
    transport.sendBytes = (text, target) => {
      this.#write('sent', target, text);
      return send(text, target);
    };
    transport.onMessage = (handler) => {
      receive((message, source, raw) => {
        this.#write('received', source, raw);
        handler(message, source, raw);
      });
    };
  }

  /** Something that is no message. */
  note(text: string): void {
    this.entries.push({ at: performance.now(), direction: 'note', peer: '', text });
  }

  /** Start lines with CSeq, one per line, times since the first message. */
  toString(): string {
    const begun = this.entries[0]?.at ?? 0;
    const lines = this.entries.map(({ at, direction, peer, text }) => {
      const start = text.split('\r\n', 1)[0] ?? '';
      const cseq = /^CSeq: *(.*)$/im.exec(text)?.[1] ?? '';
      const callId = /^(?:Call-ID|i): *(.*)$/im.exec(text)?.[1] ?? '';
      const arrow = { sent: '→', received: '←', note: '!' }[direction];
      return `${(at - begun).toFixed(1).padStart(9)} ms ${arrow} ${peer} ${start.trim()} [${cseq.trim()}] ${callId.slice(0, 8)}`;
    });
    return lines.length === 0 ? 'no SIP at all' : lines.join('\n');
  }

  #write(direction: HistoryEntry['direction'], peer: SipTarget, text: string): void {
    this.entries.push({ at: performance.now(), direction, peer: peerOf(peer), text });
  }
}
