import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Watch } from './watch.ts';

/** A way to a port of this machine that can be cut, and mended again. */
export class TcpProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #watch = new Watch();
  #connections = 0;
  #cut = false;

  private constructor(server: Server, target: number) {
    this.#server = server;
    server.on('connection', (client) => this.#relay(client, target));
  }

  static async to(target: number): Promise<TcpProxy> {
    const server = createServer({ noDelay: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpProxy(server, target);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Resolves when so many connections have come this way, from now on. */
  async used(times: number): Promise<void> {
    const goal = this.#connections + times;
    await this.#watch.until(
      `${times} connections`,
      () => (this.#connections >= goal ? true : undefined),
      () => `${this.#connections - goal + times}`,
    );
  }

  /** Ends every connection, and every new one at once. */
  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#cut = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #relay(client: Socket, target: number): void {
    if (this.#cut) {
      client.destroy();
      return;
    }
    this.#connections++;
    this.#watch.touch();
    const server = connect({ port: target, host: '127.0.0.1', noDelay: true });
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
  }
}
