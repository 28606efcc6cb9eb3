import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Inbox } from './inbox.ts';

/** An application without drachtio-srf: it writes frames by hand. */
export class RawApp {
  readonly frames = new Inbox<string>();
  readonly closed: Promise<unknown>;
  readonly #socket: Socket;
  #pending = Buffer.alloc(0);
  #ids = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.closed = once(socket, 'close');
    socket.on('data', (segment) => {
      this.#pending = Buffer.concat([this.#pending, segment]);
      this.#cut();
    });
  }

  static async connect(port: number): Promise<RawApp> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    await once(socket, 'connect');
    return new RawApp(socket);
  }

  static async authenticated(port: number, ...verbs: string[]): Promise<RawApp> {
    const app = await RawApp.connect(port);
    await app.ask('authenticate|cymru|');
    for (const verb of verbs) await app.ask(`route|${verb}`);
    return app;
  }

  /** Sends a whole frame text, id included. */
  write(text: string): void {
    this.#socket.write(`${Buffer.byteLength(text)}#${text}`);
  }

  writeBytes(bytes: string): void {
    this.#socket.write(bytes);
  }

  /** Sends a message. @returns its id. */
  say(message: string): string {
    this.#ids += 1;
    const id = `message-${this.#ids}`;
    this.write(`${id}|${message}`);
    return id;
  }

  /** Sends a message and waits for its answer. @returns what follows `response|<id>|`. */
  async ask(message: string): Promise<string> {
    const prefix = `|response|${this.say(message)}|`;
    const frame = await this.frames.nextWhere((text) => text.includes(prefix));
    return frame.slice(frame.indexOf(prefix) + prefix.length);
  }

  close(): void {
    this.#socket.destroy();
  }

  #cut(): void {
    for (;;) {
      const hash = this.#pending.indexOf('#');
      if (hash < 0) return;
      const end = hash + 1 + Number(this.#pending.toString('latin1', 0, hash));
      if (this.#pending.length < end) return;
      this.frames.put(this.#pending.toString('utf8', hash + 1, end));
      this.#pending = this.#pending.subarray(end);
    }
  }
}
