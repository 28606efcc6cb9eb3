import { createServer, type Server, type Socket } from 'node:net';
import type { Command } from './command.ts';
import type { EventSocketCore } from './core.ts';
import { EventSocketSession, reply, type Reply } from './session.ts';
import { sendMessage, sharedCommand } from './shared-commands.ts';

type Access = 'unauthenticated' | 'authenticated' | 'leaving';

/** A client of the event socket: has to give the password first. */
class InboundSession extends EventSocketSession {
  readonly #core: EventSocketCore;
  readonly #password: string;
  #access: Access = 'unauthenticated';

  constructor(socket: Socket, core: EventSocketCore, password: string) {
    super(socket, core);
    this.#core = core;
    this.#password = password;
    this.write('Content-Type: auth/request\n\n');
  }

  protected override handle(command: Command): Reply | Promise<Reply> {
    if (this.#access === 'leaving') return { kind: 'raw', text: '' };
    switch (command.verb.toLowerCase()) {
      case 'auth':
        return this.#authenticate(command.argument);
      case 'exit':
        this.#leave();
        return reply('+OK bye');
    }
    if (this.#access !== 'authenticated') return reply('-ERR command not found');
    if (command.verb.toLowerCase() === 'sendmsg') return this.#sendMessage(command);
    return sharedCommand(this, this.#core, command) ?? reply('-ERR command not found');
  }

  #authenticate(password: string): Reply {
    if (this.#access === 'authenticated') return reply('-ERR command not found');
    if (password !== this.#password) {
      this.#leave();
      return reply('-ERR invalid');
    }
    this.#access = 'authenticated';
    return reply('+OK accepted');
  }

  #sendMessage(command: Command): Reply {
    const channel = this.#core.channel(command.argument);
    if (channel === undefined) return reply(`-ERR invalid session id [${command.argument}]`);
    void sendMessage(channel, command).ended;
    return reply('+OK');
  }

  #leave(): void {
    this.#access = 'leaving';
    this.disconnect();
  }
}

/** The event socket that clients connect to (mod_event_socket's listener). */
export class InboundEventSocket {
  readonly port: number;
  readonly #server: Server;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  /** @param options.port 0 takes any free one @throws when the address cannot be bound */
  static async listen(
    core: EventSocketCore,
    options: { host: string; port: number; password: string },
  ): Promise<InboundEventSocket> {
    const server = createServer((socket) => new InboundSession(socket, core, options.password));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.port, options.host, () => {
        server.off('error', reject);
        resolve();
      });
    });
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('event socket has no TCP port');
    return new InboundEventSocket(server, address.port);
  }

  /** Takes nobody in any more; resolves when all sessions are gone, which is for their owner to see to. */
  close(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}
