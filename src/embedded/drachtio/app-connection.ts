import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { encodeFrame, FrameError, FrameReader } from './frame.ts';
import { metaFields, parseControlMessage, type ControlMessage, type MessageMeta } from './control-message.ts';

/** One application on the control port. */
export class AppConnection {
  /** Verbs it asked for, in lower case. */
  readonly verbs = new Set<string>();
  tags: readonly string[] = [];
  authenticated = false;
  readonly #socket: Socket;

  constructor(socket: Socket, receive: (app: AppConnection, message: ControlMessage) => void) {
    this.#socket = socket;
    const reader = new FrameReader();
    socket.on('data', (segment) => {
      try {
        for (const text of reader.push(segment)) if (this.connected) receive(this, parseControlMessage(text));
      } catch (error) {
        if (!(error instanceof FrameError)) throw error;
        socket.destroy();
      }
    });
    // 'close' follows, and with it everything that has to be done.
    socket.on('error', () => socket.destroy());
  }

  get connected(): boolean {
    return !this.#socket.destroyed && !this.#socket.writableEnded;
  }

  /** `OK`, `OK|…`, `NOK|reason` or `NO|reason` to a message of the application. */
  reply(id: string, outcome: string): void {
    this.#send(`response|${id}|${outcome}`);
  }

  /** A request of the application went out as `text`. */
  replySentRequest(id: string, transaction: string, meta: MessageMeta, text: string): void {
    this.#send(`response|${id}|OK|application|${metaFields(meta)}|${transaction}|Msg sent:|\r\n${text}`);
  }

  /** A response of the application went out as `text`; `dialog` is '' where there is none, or none any more. */
  replySentResponse(id: string, transaction: string, dialog: string, meta: MessageMeta, text: string): void {
    this.#send(`response|${id}|OK|application|${metaFields(meta)}|${transaction}|${dialog}||Msg sent:|\r\n${text}`);
  }

  /** A request outside any dialog; `receivedOn` is the local address it came in on. */
  deliverNew(transaction: string, meta: MessageMeta, receivedOn: string, text: string): void {
    this.#send(`sip|network|${metaFields(meta)}|${transaction}||${receivedOn}|\r\n${text}`);
  }

  /** A request in a dialog, or a response. */
  deliver(transaction: string, dialog: string, meta: MessageMeta, text: string): void {
    this.#send(`sip|network|${metaFields(meta)}|${transaction}|${dialog}|\r\n${text}`);
  }

  /** A request the server made by itself. */
  deliverUnsolicited(dialog: string, meta: MessageMeta, text: string): void {
    this.#send(`sip|application|${metaFields(meta)}|unsolicited|${dialog}|\r\n${text}`);
  }

  /** A destination of a proxied request gave its final response; more may follow to the same message. */
  replyProxied(id: string, meta: MessageMeta, text: string): void {
    this.#send(`response|${id}|OK|network|${metaFields(meta)}|||continue\r\n${text}`);
  }

  /** A call detail record: `cdr:start|<source>|<time>|<role>`. */
  deliverRecord(line: string, text: string): void {
    this.#send(`${line}\r\n${text}`);
  }

  /** Says what is queued, then hangs up. */
  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #send(text: string): void {
    if (this.connected) this.#socket.write(encodeFrame(`${randomUUID()}|${text}`));
  }
}
