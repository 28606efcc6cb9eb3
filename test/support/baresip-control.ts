import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { setTimeout as after } from 'node:timers/promises';
import { netstring, NetstringReader } from './netstring.ts';
import { type Wait, Watch } from './watch.ts';

/** What baresip tells of itself: `CALL_INCOMING`, `CALL_ESTABLISHED`, `CALL_CLOSED`, `REGISTER_OK`, … */
export interface BaresipEvent {
  readonly type: string;
  readonly peeruri?: string;
  readonly param?: string;
}

interface Reply {
  readonly ok: boolean;
  readonly data: string;
  readonly token: string;
}

const interval = 20;

/** The line to baresip's module ctrl_tcp: commands and events as JSON in netstrings. */
export class BaresipControl {
  readonly events: BaresipEvent[] = [];
  readonly #socket: Socket;
  readonly #replies = new Map<string, Reply>();
  readonly #watch = new Watch();
  #commands = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const reader = new NetstringReader();
    socket.on('data', (chunk: Buffer) => {
      for (const text of reader.read(chunk)) this.#receive(JSON.parse(text) as BaresipEvent | Reply);
    });
    socket.on('error', (error) => this.#watch.close(`baresip: ${error.message}`));
    socket.on('close', () => this.#watch.close('baresip ended'));
  }

  /** Connects as soon as baresip listens. @throws Error after `within` ms, or when `ended` resolves before. */
  static async open(port: number, ended: Promise<unknown>, within = 10_000): Promise<BaresipControl> {
    const given = performance.now() + within;
    const baresip = { over: false };
    const mark = () => (baresip.over = true);
    ended.then(mark, mark);
    for (;;) {
      const socket = connect(port, '127.0.0.1');
      try {
        await once(socket, 'connect');
        return new BaresipControl(socket);
      } catch (error) {
        if (baresip.over || performance.now() > given) throw new Error('baresip does not listen', { cause: error });
        await after(interval);
      }
    }
  }

  /** @throws Error when baresip says no. @returns what it says. */
  async command(command: string, params = '', wait?: Wait): Promise<string> {
    const token = String(++this.#commands);
    this.#socket.write(netstring(JSON.stringify({ command, params, token })));
    const reply = await this.#watch.until(
      `the answer to '${command}'`,
      () => this.#replies.get(token),
      () => this.#told(),
      wait,
    );
    if (!reply.ok) throw new Error(`baresip: ${command} ${params}: ${reply.data}`);
    return reply.data;
  }

  /** The first event of that type, after the first `skip` of them. */
  event(type: string, { skip = 0, ...wait }: Wait & { readonly skip?: number } = {}): Promise<BaresipEvent> {
    const found = () => this.events.filter((event) => event.type === type)[skip];
    return this.#watch.until(`the event ${type} of baresip`, found, () => this.#told(), wait);
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(message: BaresipEvent | Reply): void {
    if ('token' in message) this.#replies.set(message.token, message);
    else if ('type' in message) this.events.push(message);
    this.#watch.touch();
  }

  #told(): string {
    return this.events.map(({ type, param = '' }) => `${type} ${param}`.trim()).join(', ') || 'no event at all';
  }
}
