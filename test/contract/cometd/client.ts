import { CometD, type Message } from 'cometd';
import { adapt } from 'cometd-nodejs-client';
import { basic } from '../http/control-plane.ts';

adapt();

/** A CometD client of a user, subscribed to channels, that keeps what it is told. */
export class NotificationClient {
  readonly messages: Message[] = [];
  readonly #cometd = new CometD();
  readonly #waiting = new Set<() => void>();

  private constructor(base: string, headers: Record<string, string>) {
    this.#cometd.configure({ url: `${base}/api/v2/notifications`, requestHeaders: headers, logLevel: 'warn' });
    this.#cometd.unregisterTransport('websocket');
  }

  /** Rejects with the answer when the server refuses the handshake or a subscription. */
  static async connect(base: string, userName: string, channels = ['/v2/me/*']): Promise<NotificationClient> {
    const client = new NotificationClient(base, { Authorization: basic(userName) });
    await client.#confirmed((done) => client.#cometd.handshake(done));
    for (const channel of channels) {
      await client.#confirmed((done) => client.#cometd.subscribe(channel, (message) => client.#told(message), done));
    }
    return client;
  }

  /** The first message on a channel that is like this, be it told already or yet to come. */
  async told(channel: string, like: (told: Record<string, unknown>) => boolean = () => true): Promise<Message> {
    for (;;) {
      const found = this.messages.find(
        (message) => message.channel === channel && like(message.data as Record<string, unknown>),
      );
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  publish(channel: string, content: unknown): Promise<Message> {
    return new Promise((resolve) => this.#cometd.publish(channel, content, resolve));
  }

  /** Resolves when the server has ended this client. */
  ended(): Promise<void> {
    return new Promise((resolve) => this.#cometd.addListener('/meta/disconnect', () => resolve()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    if (this.#cometd.isDisconnected()) return Promise.resolve();
    return new Promise((resolve) => this.#cometd.disconnect(() => resolve()));
  }

  #told(message: Message): void {
    this.messages.push(message);
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  #confirmed(ask: (done: (answer: Message) => void) => unknown): Promise<Message> {
    return new Promise((resolve, reject) => {
      ask((answer) => {
        if (answer.successful === true) resolve(answer);
        else reject(new Error(JSON.stringify(answer), { cause: answer }));
      });
    });
  }
}
