/** Calls over bare UDP: SIPp's clock counts in 4 ms, which is as much as there is to measure. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { SipTarget } from '../../src/embedded/sip/transport.ts';

const SDP = ['v=0', 'o=c 1 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0', 'm=audio 9 RTP/AVP 0', ''].join(
  '\r\n',
);

interface Call {
  readonly sentAt: number;
  /** Repeated 200s are acknowledged as well, but measured once. */
  answered: boolean;
}

/** Sends INVITE after INVITE and hangs up as soon as it is answered; knows no retransmission, as loopback loses nothing. */
export class SipCaller implements AsyncDisposable {
  /** INVITE → 200, ms. */
  readonly responseTimes: number[] = [];
  readonly #socket: Socket;
  readonly #remote: SipTarget;
  readonly #user: string;
  readonly #calls = new Map<string, Call>();

  private constructor(socket: Socket, remote: SipTarget, user: string) {
    this.#socket = socket;
    this.#remote = remote;
    this.#user = user;
    socket.on('message', (datagram) => this.#received(datagram.toString('latin1'), performance.now()));
  }

  static async open(remote: SipTarget, user: string): Promise<SipCaller> {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new SipCaller(socket, remote, user);
  }

  /** Calls `rate` times a second for so many seconds; resolves a second after the last. */
  async call(rate: number, seconds: number): Promise<void> {
    const wanted = rate * seconds;
    await new Promise<void>((resolve) => {
      let made = 0;
      const timer = setInterval(() => {
        if (made++ < wanted) {
          this.#invite();
          return;
        }
        clearInterval(timer);
        setTimeout(resolve, 1000);
      }, 1000 / rate);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()));
  }

  #invite(): void {
    const callId = crypto.randomUUID();
    const uri = `sip:${this.#user}@${this.#remote.address}:${this.#remote.port}`;
    const headers = [`Contact: <sip:c@127.0.0.1:${this.#socket.address().port}>`, 'Content-Type: application/sdp'];
    this.#calls.set(callId, { sentAt: performance.now(), answered: false });
    this.#send('INVITE', uri, callId, `<${uri}>`, 1, headers, SDP);
  }

  #received(text: string, at: number): void {
    const header = (name: string) => new RegExp(`^${name}: *(.*)$`, 'im').exec(text)?.[1]?.trim() ?? '';
    const call = this.#calls.get(header('Call-ID'));
    if (call === undefined || !text.startsWith('SIP/2.0 200') || !header('CSeq').endsWith('INVITE')) return;
    const target = /<([^>]+)>/.exec(header('Contact'))?.[1] ?? '';
    this.#send('ACK', target, header('Call-ID'), header('To'), 1);
    if (call.answered) return;
    call.answered = true;
    this.responseTimes.push(at - call.sentAt);
    this.#send('BYE', target, header('Call-ID'), header('To'), 2);
  }

  #send(
    method: string,
    uri: string,
    callId: string,
    to: string,
    cseq: number,
    headers: string[] = [],
    body = '',
  ): void {
    const { port } = this.#socket.address();
    const lines = [
      `${method} ${uri} SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:${port};rport;branch=z9hG4bK${crypto.randomUUID()}`,
      'Max-Forwards: 70',
      `From: <sip:c@127.0.0.1:${port}>;tag=${callId.slice(0, 8)}`,
      `To: ${to}`,
      `Call-ID: ${callId}`,
      `CSeq: ${cseq} ${method}`,
      ...headers,
      `Content-Length: ${Buffer.byteLength(body)}`,
    ];
    this.#socket.send(`${lines.join('\r\n')}\r\n\r\n${body}`, this.#remote.port, this.#remote.address);
  }
}
