import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/**
 * What becomes of a command: answered with this text instead of being carried out, or, in a server that hangs, carried out
 * neither it nor any after it until the proxy is healed.
 */
export type Fault = { readonly reply: string | ((command: string) => string) } | 'hang';

interface Rule {
  readonly command: RegExp;
  readonly fault: Fault;
  times: number;
}

/** Stands between Earpiece and the event socket of a FreeSWITCH, and makes it answer wrongly, not at all, or vanish. */
export class EventSocketProxy implements AsyncDisposable {
  /** Every command that was sent, faulty or not. */
  readonly commands: string[] = [];
  /** When each was sent, performance.now(). */
  readonly times: number[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #clients = new Set<Socket>();
  readonly #rules: Rule[] = [];
  readonly #target: { readonly host: string; readonly port: number };
  /** While the server hangs. */
  #hanging: Promise<void> | undefined;
  #resume: () => void = () => undefined;

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
    this.#resume();
  }

  /** Says something on every connection to Earpiece that FreeSWITCH has not said. */
  interject(text: string): void {
    for (const client of this.#clients) client.write(text);
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
    const answers: (string | undefined)[] = [];
    this.#join(client, server);
    this.#clients.add(client);
    client.once('close', () => this.#clients.delete(client));
    const carryOut = (command: string) => {
      const fault = command.startsWith('api ') ? this.#faultFor(command) : undefined;
      if (fault === 'hang') this.#hang();
      else if (command.startsWith('api ')) answers.push(replyTo(command, fault));
      if (this.#hanging !== undefined) void this.#hanging.then(() => carryOut(command));
      else server.write(fault === undefined ? command : 'api strftime %s\n\n');
    };
    blocks(client, (command) => {
      this.commands.push(command.trim());
      this.times.push(performance.now());
      if (this.#hanging === undefined) carryOut(command);
      else void this.#hanging.then(() => carryOut(command));
    });
    blocks(server, (message) => {
      const reply = message.includes('Content-Type: api/response') ? answers.shift() : undefined;
      if (reply === undefined) client.write(message);
      else client.write(`Content-Type: api/response\nContent-Length: ${Buffer.byteLength(reply)}\n\n${reply}`);
    });
  }

  #hang(): void {
    this.#hanging = new Promise<void>((resolve) => {
      this.#resume = resolve;
    }).then(() => {
      this.#hanging = undefined;
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

function replyTo(command: string, fault: Exclude<Fault, 'hang'> | undefined): string | undefined {
  return typeof fault?.reply === 'function' ? fault.reply(command) : fault?.reply;
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
