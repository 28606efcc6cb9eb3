import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** What becomes of a command: answered with this text instead of being carried out, or never answered. */
export type Fault = { readonly reply: string } | 'silence';

interface Rule {
  readonly command: RegExp;
  readonly fault: Fault;
  times: number;
}

/** Stands between Earpiece and the event socket of a FreeSWITCH, and makes it answer wrongly, not at all, or vanish. */
export class EventSocketProxy implements AsyncDisposable {
  /** Every command that was sent, faulty or not. */
  readonly commands: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #rules: Rule[] = [];
  #target: { readonly host: string; readonly port: number };

  private constructor(server: Server, target: { readonly host: string; readonly port: number }) {
    this.#server = server;
    this.#target = target;
    server.on('connection', (client) => this.#relay(client));
  }

  static async listen(target: { readonly host: string; readonly port: number }): Promise<EventSocketProxy> {
    const server = createServer({ noDelay: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new EventSocketProxy(server, target);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** From now on, so many times. */
  fail(command: RegExp, fault: Fault, times = Infinity): void {
    this.#rules.push({ command, fault, times });
  }

  heal(): void {
    this.#rules.length = 0;
  }

  /** Ends every connection, as the death of FreeSWITCH does. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #relay(client: Socket): void {
    const server = connect({ ...this.#target, noDelay: true });
    /** What is to be done with each answer to an api command, in their order. */
    const answers: (Fault | undefined)[] = [];
    this.#join(client, server);
    blocks(client, (command) => {
      this.commands.push(command.trim());
      const fault = command.startsWith('api ') ? this.#faultFor(command) : undefined;
      if (command.startsWith('api ')) answers.push(fault);
      server.write(fault === undefined ? command : 'api strftime %s\n\n');
    });
    blocks(server, (message) => {
      const fault = message.includes('Content-Type: api/response') ? answers.shift() : undefined;
      if (fault === undefined) client.write(message);
      else if (fault !== 'silence') {
        const { reply } = fault;
        client.write(`Content-Type: api/response\nContent-Length: ${Buffer.byteLength(reply)}\n\n${reply}`);
      }
    });
  }

  #faultFor(command: string): Fault | undefined {
    const rule = this.#rules.find((each) => each.times > 0 && each.command.test(command));
    if (rule === undefined) return undefined;
    rule.times--;
    return rule.fault;
  }

  #join(client: Socket, server: Socket): void {
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
  }
}

/** Cuts a stream of the event socket into its messages, each a header block and the body it announces. */
function blocks(socket: Socket, handle: (block: string) => void): void {
  let received = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    for (;;) {
      const head = received.indexOf('\n\n') + 2;
      if (head < 2) return;
      const length = /^Content-Length: (\d+)$/m.exec(received.toString('utf8', 0, head))?.[1];
      const end = head + Number(length ?? 0);
      if (received.length < end) return;
      handle(received.toString('utf8', 0, end));
      received = received.subarray(end);
    }
  });
}
