import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { Inbox } from './inbox.ts';

/** A phone without a SIP stack: it sends datagrams as they are written and keeps all it gets. */
export class UdpPhone {
  readonly received = new Inbox<string>();
  readonly port: number;
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.port = socket.address().port;
    socket.on('message', (datagram) => {
      // CRLF is a keep-alive, not a message.
      if (datagram.length > 4) this.received.put(datagram.toString());
    });
  }

  static async open(): Promise<UdpPhone> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new UdpPhone(socket);
  }

  send(datagram: string | Uint8Array, port: number): void {
    this.#socket.send(datagram, port, '127.0.0.1');
  }

  /** The next message whose start line begins with `start`: `SIP/2.0 200`, `BYE`. */
  next(start = ''): Promise<string> {
    return this.received.nextWhere((text) => text.startsWith(start));
  }

  close(): void {
    this.#socket.close();
  }
}
