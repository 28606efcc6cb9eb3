import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { parseMessage, responseTo, serializeMessage, type SipRequest } from '../../../src/embedded/sip/message.ts';
import { StreamFramer } from '../../../src/embedded/sip/stream-framer.ts';
import { Inbox } from './inbox.ts';

/** A phone on one connection that it opens itself: over TLS, or in WebSocket messages (RFC 7118). It listens nowhere. */
export class StreamPhone {
  readonly received = new Inbox<string>();
  readonly #socket: Socket;
  readonly #encode: (text: string) => Buffer | string;

  private constructor(
    socket: Socket,
    encode: (text: string) => Buffer | string,
    decode: (segment: Buffer) => readonly Buffer[],
  ) {
    this.#socket = socket;
    this.#encode = encode;
    socket.on('data', (segment) => {
      for (const message of decode(segment)) this.received.put(message.toString());
    });
  }

  static async overTls(port: number): Promise<StreamPhone> {
    const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const framer = new StreamFramer();
    return new StreamPhone(
      socket,
      (text) => text,
      (segment) => framer.push(segment),
    );
  }

  /** @throws with the server's answer when it does not want to speak SIP. */
  static async overWebSocket(port: number, subprotocol = 'sip', isSecure = false): Promise<StreamPhone> {
    const place = { host: '127.0.0.1', port };
    const socket = isSecure ? connectTls({ ...place, rejectUnauthorized: false }) : connectTcp(place);
    if (isSecure) await once(socket, 'secureConnect');
    const key = randomBytes(16).toString('base64');
    socket.write(
      `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Protocol: ${subprotocol}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    );
    const [answer] = (await once(socket, 'data')) as [Buffer];
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    if (!answer.toString().includes(accept)) throw new Error(`no upgrade: ${answer.toString()}`);
    return new StreamPhone(socket, masked, unframe);
  }

  /** The port this side of the connection has. */
  get port(): number {
    return this.#socket.localPort ?? 0;
  }

  get closed(): Promise<unknown> {
    return once(this.#socket, 'close');
  }

  send(text: string): void {
    this.#socket.write(this.#encode(text));
  }

  /** Bytes as they are, whatever they do to the connection. */
  sendRaw(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** The next message whose start line begins with `start`. */
  next(start: string): Promise<string> {
    return this.received.nextWhere((text) => text.startsWith(start));
  }

  async request(method: string): Promise<SipRequest> {
    const message = parseMessage(await this.next(method));
    if (message.kind !== 'request') throw new Error('not a request');
    return message;
  }

  answer(request: SipRequest, status: number, headers: Record<string, string>, body = ''): void {
    this.send(serializeMessage(responseTo(request, status, undefined, { toTag: 'phone', headers, body })));
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** One text message in a frame of a client: masked (RFC 6455 5.3). */
export function masked(text: string, opcode = 1, isFinal = true): Buffer {
  const payload = Buffer.from(text);
  const head = Buffer.alloc(payload.length < 126 ? 2 : 4);
  head[0] = (isFinal ? 0x80 : 0) | opcode;
  head[1] = 0x80 | (payload.length < 126 ? payload.length : 126);
  if (payload.length >= 126) head.writeUInt16BE(payload.length, 2);
  const mask = randomBytes(4);
  payload.forEach((byte, at) => (payload[at] = byte ^ (mask[at % 4] ?? 0)));
  return Buffer.concat([head, mask, payload]);
}

/** The payloads of whole frames of a server, which are not masked. */
function unframe(segment: Buffer): Buffer[] {
  const payloads: Buffer[] = [];
  for (let at = 0; at < segment.length; ) {
    const short = (segment[at + 1] ?? 0) & 0x7f;
    const from = at + (short === 126 ? 4 : 2);
    const length = short === 126 ? segment.readUInt16BE(at + 2) : short;
    payloads.push(segment.subarray(from, from + length));
    at = from + length;
  }
  return payloads;
}
