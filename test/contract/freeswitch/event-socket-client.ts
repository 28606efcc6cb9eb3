import { createServer, connect, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { Inbox } from '../drachtio/inbox.ts';

/** One frame of an event socket: its headers and, where it has one, its body. */
export interface Frame {
  readonly head: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** An event of a JSON subscription. */
export type JsonEvent = Readonly<Record<string, string>>;

/** A client without drachtio-modesl: writes commands as they are, keeps replies and events apart. */
export class EventSocketClient {
  readonly replies = new Inbox<Frame>();
  readonly events = new Inbox<JsonEvent>();
  /** Everything, in the order it came. */
  readonly frames: Frame[] = [];
  readonly closed: Promise<unknown>;
  readonly #socket: Socket;
  #buffer = '';

  constructor(socket: Socket) {
    this.#socket = socket;
    // Not `once`: it would reject, with nobody listening, when the connection is refused.
    this.closed = new Promise((resolve) => socket.once('close', resolve));
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#onData(chunk.toString()));
    socket.on('error', () => socket.destroy());
  }

  static async open(port: number, host = '127.0.0.1'): Promise<EventSocketClient> {
    const socket = connect(port, host);
    const client = new EventSocketClient(socket);
    await once(socket, 'connect');
    return client;
  }

  /** Connected and let in. */
  static async authenticated(port: number, password = 'ClueCon', host?: string): Promise<EventSocketClient> {
    const client = await EventSocketClient.open(port, host);
    await client.replies.next();
    await client.command(`auth ${password}`);
    return client;
  }

  write(text: string): void {
    this.#socket.write(text);
  }

  /** @returns the frame that answers */
  command(text: string): Promise<Frame> {
    this.write(`${text}\n\n`);
    return this.replies.next();
  }

  async api(text: string): Promise<string> {
    return (await this.command(`api ${text}`)).body;
  }

  execute(application: string, argument = '', uuid = ''): Promise<Frame> {
    const lines = [`sendmsg ${uuid}`, 'call-command: execute', `execute-app-name: ${application}`];
    return this.command([...lines, `execute-app-arg: ${argument}`].join('\n'));
  }

  /** The next event of that name, and action where it is one of a conference. */
  event(name: string, action?: string): Promise<JsonEvent> {
    return this.events.nextWhere(
      (event) => event['Event-Name'] === name && (action === undefined || event['Action'] === action),
    );
  }

  close(): void {
    this.#socket.destroy();
  }

  #onData(text: string): void {
    this.#buffer += text;
    for (let frame = this.#cut(); frame !== undefined; frame = this.#cut()) {
      this.frames.push(frame);
      if (frame.headers.get('Content-Type') === 'text/event-json') this.events.put(JSON.parse(frame.body) as JsonEvent);
      else this.replies.put(frame);
    }
  }

  #cut(): Frame | undefined {
    const end = this.#buffer.indexOf('\n\n');
    if (end < 0) return undefined;
    const head = this.#buffer.slice(0, end);
    const headers = new Map(head.split('\n').map((line) => [line.split(': ')[0] ?? '', line.split(': ')[1] ?? '']));
    const length = Number(headers.get('Content-Length') ?? 0);
    if (this.#buffer.length < end + 2 + length) return undefined;
    const body = this.#buffer.slice(end + 2, end + 2 + length);
    this.#buffer = this.#buffer.slice(end + 2 + length);
    return { head, headers, body };
  }
}

/** Where the `socket` application connects to. */
export class Controller {
  readonly port: number;
  readonly #server: Server;
  readonly #connections = new Inbox<EventSocketClient>();

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
    server.on('connection', (socket) => this.#connections.put(new EventSocketClient(socket)));
  }

  static async listen(): Promise<Controller> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return new Controller(server, address.port);
  }

  /** What an INVITE needs in order to be controlled from here, as drachtio-fsmrf sends it. */
  get headers(): readonly string[] {
    return [`X-esl-outbound: 127.0.0.1:${this.port}`, 'User-Agent: drachtio-fsmrf:1234'];
  }

  /** The next channel that connects, before any command was sent. */
  next(): Promise<EventSocketClient> {
    return this.#connections.next();
  }

  close(): void {
    this.#server.close();
  }
}
