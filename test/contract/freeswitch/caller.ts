import { randomUUID } from 'node:crypto';
import { UdpPhone } from '../drachtio/udp-phone.ts';

interface SdpOptions {
  readonly port?: number;
  readonly payloads?: string;
  readonly direction?: string;
  readonly address?: string;
}

/** An offer of one audio stream. */
export function sdp({
  port = 40_000,
  payloads = '0 101',
  direction = 'sendrecv',
  address = '127.0.0.1',
}: SdpOptions = {}): string {
  const maps: Record<string, string> = { 0: 'PCMU/8000', 8: 'PCMA/8000', 18: 'G729/8000', 101: 'telephone-event/8000' };
  const rtpmaps = payloads.split(' ').map((each) => `a=rtpmap:${each} ${maps[each] ?? ''}\r\n`);
  return (
    `v=0\r\no=caller 1 1 IN IP4 ${address}\r\ns=-\r\nc=IN IP4 ${address}\r\nt=0 0\r\n` +
    `m=audio ${port} RTP/AVP ${payloads}\r\n${rtpmaps.join('')}a=${direction}\r\n`
  );
}

export function header(message: string, name: string): string {
  return new RegExp(`^${name}: (.*)$`, 'im').exec(message)?.[1]?.trim() ?? '';
}

export function bodyOf(message: string): string {
  return message.slice(message.indexOf('\r\n\r\n') + 4);
}

/** The port of the audio stream in a message's SDP. */
export function audioPort(message: string): number {
  return Number(/m=audio (\d+)/.exec(message)?.[1]);
}

/** A caller written out by hand: one call at a time, every message as RFC 3261 has it and nothing repeated. */
export class Caller {
  readonly phone: UdpPhone;
  /** What is done to every message before it is sent. */
  mangle = (message: string): string => message;
  readonly #server: number;
  readonly #callId = randomUUID();
  readonly #fromTag = randomUUID().slice(0, 8);
  #to: string;
  #cseq = 0;
  #inviteBranch = '';

  private constructor(phone: UdpPhone, server: number) {
    this.phone = phone;
    this.#server = server;
    this.#to = `<sip:park@127.0.0.1:${server}>`;
  }

  static async open(server: number): Promise<Caller> {
    return new Caller(await UdpPhone.open(), server);
  }

  /** Sends a request; an INVITE outside or inside the dialog is answered by whatever final response comes. */
  async request(method: string, body = '', extra: readonly string[] = [], user = 'park'): Promise<string> {
    this.send(method, body, extra, user);
    const response = await this.phone.received.nextWhere(
      (text) => /^SIP\/2\.0 [2-6]/.test(text) && header(text, 'CSeq').endsWith(` ${method}`),
    );
    if (response.startsWith('SIP/2.0 2')) this.#to = header(response, 'To');
    return response;
  }

  send(method: string, body = '', extra: readonly string[] = [], user = 'park'): void {
    if (method !== 'ACK' && method !== 'CANCEL') this.#cseq++;
    const branch = method === 'CANCEL' ? this.#inviteBranch : `z9hG4bK${randomUUID()}`;
    if (method === 'INVITE') this.#inviteBranch = branch;
    const lines = [
      `${method} sip:${user}@127.0.0.1:${this.#server} SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:${this.phone.port};rport;branch=${branch}`,
      'Max-Forwards: 70',
      `From: <sip:nobody@127.0.0.1:5060>;tag=${this.#fromTag}`,
      `To: ${this.#to}`,
      `Call-ID: ${this.#callId}`,
      `CSeq: ${this.#cseq} ${method}`,
      `Contact: <sip:127.0.0.1:${this.phone.port}>`,
      ...extra,
      ...(body === '' || extra.some((each) => each.startsWith('Content-Type'))
        ? []
        : ['Content-Type: application/sdp']),
      `Content-Length: ${Buffer.byteLength(body)}`,
    ];
    this.phone.send(this.mangle(`${lines.join('\r\n')}\r\n\r\n${body}`), this.#server);
  }

  /** INVITE, 200, ACK. @returns the 200 */
  async call(offer = sdp(), extra: readonly string[] = []): Promise<string> {
    const response = await this.request('INVITE', offer, extra);
    this.send('ACK');
    return response;
  }

  /** Answers a request of the server's with 200. */
  answer(request: string): void {
    const kept = request.split('\r\n').filter((line) => /^(Via|From|To|Call-ID|CSeq):/i.test(line));
    this.phone.send(`SIP/2.0 200 OK\r\n${kept.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`, this.#server);
  }

  close(): void {
    this.phone.close();
  }
}
