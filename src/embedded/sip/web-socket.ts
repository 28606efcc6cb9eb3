import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Credentials, StreamDialect, StreamYield } from './stream-dialect.ts';
import { MAX_MESSAGE_BYTES, SipFramingError } from './stream-framer.ts';

/** RFC 6455 1.3: what the key of a handshake is hashed with. */
const HANDSHAKE_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** SIP over WebSocket (RFC 7118): clients connect, one SIP message is one WebSocket message. With `credentials`: wss. */
export function webSocketDialect(credentials?: Credentials): StreamDialect {
  return {
    createServer: (adopt) => {
      const server = credentials === undefined ? createServer() : createSecureServer({ ...credentials });
      server.on('upgrade', (request: IncomingMessage, socket: Duplex, early: Buffer) => {
        const answer = upgrade(request);
        socket.write(answer);
        if (!(socket instanceof Socket) || !answer.startsWith('HTTP/1.1 101')) {
          socket.end();
          return;
        }
        // Frames in the segment of the handshake.
        if (early.length > 0) socket.unshift(early);
        adopt(socket);
      });
      server.on('request', (_request, response) => response.writeHead(426).end());
      return server;
    },
    createReader: () => new WebSocketReader(),
    frame: (message) => frame(opcodes.text, Buffer.from(message)),
  };
}

/** The answer to a handshake (RFC 6455 4.2.2); RFC 7118 4.1 wants the subprotocol `sip`. */
function upgrade({ headers }: IncomingMessage): string {
  const key = headers['sec-websocket-key'];
  const protocols = (headers['sec-websocket-protocol'] ?? '').split(',').map((each) => each.trim());
  if (key === undefined || !protocols.includes('sip')) return 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n';
  const accept = createHash('sha1').update(`${key}${HANDSHAKE_SUFFIX}`).digest('base64');
  const fields = ['Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${accept}`];
  return `HTTP/1.1 101 Switching Protocols\r\n${fields.join('\r\n')}\r\nSec-WebSocket-Protocol: sip\r\n\r\n`;
}

/** A frame of a server: whole, not masked (RFC 6455 5.1). */
function frame(opcode: number, payload: Buffer): Buffer {
  const isShort = payload.length < 126;
  const head = Buffer.alloc(isShort ? 2 : payload.length < 65_536 ? 4 : 10);
  head[0] = 0x80 | opcode;
  head[1] = isShort ? payload.length : head.length === 4 ? 126 : 127;
  if (head.length === 4) head.writeUInt16BE(payload.length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(payload.length), 2);
  return Buffer.concat([head, payload]);
}

/** Puts the messages of one client together from its frames (RFC 6455 5.2, 5.4). */
class WebSocketReader {
  #pending: Buffer = Buffer.alloc(0);
  /** The frames so far of a message in several. */
  #fragments: Buffer[] = [];
  #fragmentBytes = 0;

  push(segment: Buffer): StreamYield {
    this.#pending = Buffer.concat([this.#pending, segment]);
    const messages: Buffer[] = [];
    const replies: Buffer[] = [];
    let isOver = false;
    for (let next = this.#take(); next !== undefined && !isOver; next = this.#take()) {
      const { opcode, isFinal, payload } = next;
      if (opcode === opcodes.close) {
        replies.push(frame(opcodes.close, payload.subarray(0, 2)));
        isOver = true;
      } else if (opcode === opcodes.ping) replies.push(frame(opcodes.pong, payload));
      else if (opcode !== opcodes.pong) messages.push(...this.#collect(opcode, isFinal, payload));
    }
    return { messages, reply: replies.length === 0 ? undefined : Buffer.concat(replies), isOver };
  }

  /** @returns the message this frame completes; keep-alive CRLFs between messages are none (RFC 7118 6). */
  #collect(opcode: number, isFinal: boolean, payload: Buffer): Buffer[] {
    if (opcode > opcodes.binary) throw new SipFramingError(`WebSocket opcode ${opcode}`);
    this.#fragments.push(payload);
    this.#fragmentBytes += payload.length;
    if (this.#fragmentBytes > MAX_MESSAGE_BYTES) throw new SipFramingError('message too large');
    if (!isFinal) return [];
    const message = Buffer.concat(this.#fragments);
    this.#fragments = [];
    this.#fragmentBytes = 0;
    return message.toString('latin1').trim() === '' ? [] : [message];
  }

  #take(): { readonly opcode: number; readonly isFinal: boolean; readonly payload: Buffer } | undefined {
    const bytes = this.#pending;
    if (bytes.length < 2) return undefined;
    const [first = 0, second = 0] = bytes;
    // RFC 6455 5.1: a client masks everything.
    if ((second & 0x80) === 0) throw new SipFramingError('frame without a mask');
    const short = second & 0x7f;
    const maskAt = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (bytes.length < maskAt + 4) return undefined;
    const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
    if (length > MAX_MESSAGE_BYTES) throw new SipFramingError(`frame of ${length} bytes`);
    const end = maskAt + 4 + length;
    if (bytes.length < end) return undefined;
    const mask = bytes.subarray(maskAt, maskAt + 4);
    const payload = Buffer.from(bytes.subarray(maskAt + 4, end));
    for (let at = 0; at < length; at += 1) payload[at] = (payload[at] ?? 0) ^ (mask[at % 4] ?? 0);
    this.#pending = bytes.subarray(end);
    return { opcode: first & 0x0f, isFinal: (first & 0x80) !== 0, payload };
  }
}
