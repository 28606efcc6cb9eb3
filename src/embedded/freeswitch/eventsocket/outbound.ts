import { connect, type Socket } from 'node:net';
import { encodeHeaderValue } from '../event.ts';
import type { Command } from './command.ts';
import type { ControlledChannel, EventSocketCore } from './core.ts';
import { EventSocketSession, reply, type Reply } from './session.ts';
import { sendMessage, sharedCommand } from './shared-commands.ts';

/** The words after the address in `socket host:port [async] [full]`. */
export interface OutboundMode {
  /** Replies to `sendmsg` come at once, not when the application has ended. */
  readonly async: boolean;
  /** All commands of an inbound socket are allowed. */
  readonly full: boolean;
}

type Linger = { readonly kind: 'off' } | { readonly kind: 'on'; readonly seconds: number | undefined };

/** The connection that the `socket` application makes: an application that controls one channel. */
export class OutboundSession extends EventSocketSession {
  readonly #core: EventSocketCore;
  readonly #channel: ControlledChannel;
  readonly #mode: OutboundMode;
  #linger: Linger = { kind: 'off' };
  #lingerTimer: NodeJS.Timeout | undefined;

  private constructor(socket: Socket, core: EventSocketCore, channel: ControlledChannel, mode: OutboundMode) {
    super(socket, core);
    this.#core = core;
    this.#channel = channel;
    this.#mode = mode;
    void this.closed.then(() => clearTimeout(this.#lingerTimer));
  }

  /** @throws when nobody listens there, or the signal is aborted first */
  static async open(
    core: EventSocketCore,
    channel: ControlledChannel,
    target: OutboundMode & { host: string; port: number; signal: AbortSignal },
  ): Promise<OutboundSession> {
    target.signal.throwIfAborted();
    const socket = connect({ host: target.host, port: target.port });
    const abort = (): void => void socket.destroy(new Error('channel is gone'));
    target.signal.addEventListener('abort', abort, { once: true });
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('connect', resolve);
        socket.once('error', reject);
      });
    } finally {
      target.signal.removeEventListener('abort', abort);
    }
    return new OutboundSession(socket, core, channel, target);
  }

  /** The channel has ended: the client is told so and, unless it asked to linger, disconnected. */
  channelEnded(): void {
    const controlled = `Controlled-Session-UUID: ${this.#channel.uuid}\n`;
    if (this.#linger.kind === 'off') {
      this.disconnect(`${controlled}Content-Disposition: disconnect\n`);
      return;
    }
    const { seconds } = this.#linger;
    this.afterReply(() => {
      this.write(
        `Content-Type: text/disconnect-notice\n${controlled}Content-Disposition: linger\n` +
          `Channel-Name: ${this.#channel.name}\nLinger-Time: ${seconds ?? -1}\nContent-Length: 0\n\n`,
      );
    });
    if (seconds === undefined) return;
    this.#lingerTimer = setTimeout(
      () => this.disconnect(`${controlled}Content-Disposition: disconnect\n`),
      seconds * 1000,
    );
  }

  protected override handle(command: Command): Reply | Promise<Reply> {
    switch (command.verb.toLowerCase()) {
      case 'connect':
        return this.#connect();
      case 'myevents':
        this.subscription.format = command.argument.toLowerCase() === 'json' ? 'json' : 'plain';
        this.subscription.addChannel(this.#channel.uuid);
        return reply('+OK Events Enabled');
      case 'linger':
        return this.#startLinger(command.argument);
      case 'nolinger':
        this.#linger = { kind: 'off' };
        return reply('+OK will not linger');
      case 'getvar':
        return reply(this.#channel.variable(command.argument) ?? '');
      case 'resume':
        return reply('+OK');
      case 'divert_events':
        return reply('+OK');
      case 'exit':
        this.disconnect();
        return reply('+OK bye');
      case 'sendmsg':
        return this.#sendMessage(command);
    }
    const shared = this.#mode.full ? sharedCommand(this, this.#core, command) : undefined;
    return shared ?? reply('-ERR command not found');
  }

  /** Everything about the channel; Content-Type stands at the END of the headers (measured on FreeSWITCH 1.10.12). */
  #connect(): Reply {
    let text = '';
    for (const [name, value] of this.#channel.snapshot().headers()) {
      const flat = typeof value === 'string' ? value : `ARRAY::${value.join('|:')}`;
      text += `${name}: ${encodeHeaderValue(flat)}\n`;
    }
    const mode = this.#mode.async ? 'async' : 'static';
    const control = this.#mode.full ? 'full' : 'single-channel';
    return {
      kind: 'raw',
      text: `${text}Content-Type: command/reply\nReply-Text: %2BOK%0A\nSocket-Mode: ${mode}\nControl: ${control}\n\n`,
    };
  }

  #startLinger(argument: string): Reply {
    const seconds = /^\d+$/.test(argument) ? Number(argument) : undefined;
    this.#linger = { kind: 'on', seconds };
    return reply(seconds === undefined ? '+OK will linger' : `+OK will linger ${seconds} seconds`);
  }

  async #sendMessage(command: Command): Promise<Reply> {
    const uuid = command.argument;
    const channel = uuid === '' || uuid === this.#channel.uuid ? this.#channel : this.#core.channel(uuid);
    if (channel === undefined || (channel !== this.#channel && !this.#mode.full)) {
      return reply(`-ERR invalid session id [${uuid}]`);
    }
    const { ended } = sendMessage(channel, command);
    if (!this.#mode.async) await ended;
    return reply('+OK');
  }
}
