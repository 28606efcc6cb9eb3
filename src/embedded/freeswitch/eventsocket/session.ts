import type { Socket } from 'node:net';
import type { EventBus } from '../event-bus.ts';
import type { SwitchEvent } from '../event.ts';
import { type Command, CommandReader } from './command.ts';
import { Subscription } from './subscription.ts';

/** What a command is answered with. `raw` is a complete answer as it goes on the wire. */
export type Reply =
  | { readonly kind: 'reply'; readonly text: string; readonly headers?: string }
  | { readonly kind: 'api'; readonly body: string }
  | { readonly kind: 'raw'; readonly text: string };

export const reply = (text: string, headers?: string): Reply =>
  headers === undefined ? { kind: 'reply', text } : { kind: 'reply', text, headers };

export const GOODBYE = 'Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n';

/** What every session needs: where events come from, and the list it stands in while it is connected. */
export interface SessionHost {
  readonly bus: EventBus;
  readonly sessions: Set<EventSocketSession>;
}

/** An event socket that has seen nobody read for this many bytes is given up, so that it cannot fill our memory. */
const BACKLOG_LIMIT = 64 << 20;

/**
 * One event-socket connection of either direction: reads commands one after the other, writes replies and events.
 * A command's reply always precedes the events it caused (measured on FreeSWITCH 1.10.12).
 */
export abstract class EventSocketSession {
  readonly subscription = new Subscription();
  protected readonly socket: Socket;
  readonly #reader = new CommandReader();
  readonly #heldBack: SwitchEvent[] = [];
  readonly #closed: Promise<void>;
  #tail: Promise<void> = Promise.resolve();
  #replying = 0;

  protected constructor(socket: Socket, { bus, sessions }: SessionHost) {
    this.socket = socket;
    sessions.add(this);
    // Replies are small and clients wait for each: Nagle would cost 40 ms a command.
    socket.setNoDelay(true);
    const unsubscribe = bus.subscribe((event) => this.#onEvent(event));
    this.#closed = new Promise((resolve) => {
      socket.once('close', () => {
        unsubscribe();
        sessions.delete(this);
        resolve();
      });
    });
    // A broken connection is followed by 'close', which is where everything is cleaned up.
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
  }

  /** Resolves when the connection is gone, whoever ended it. */
  get closed(): Promise<void> {
    return this.#closed;
  }

  protected abstract handle(command: Command): Reply | Promise<Reply>;

  /** Writes an answer or a notice as it is. */
  write(text: string): void {
    if (!this.socket.writable) return;
    this.socket.write(text);
    if (this.socket.writableLength > BACKLOG_LIMIT) this.socket.destroy();
  }

  /** Says good-bye and closes, once the command being handled has got its reply. @param headers lines of the notice */
  disconnect(headers = ''): void {
    this.afterReply(() => {
      this.write(`Content-Type: text/disconnect-notice\n${headers}Content-Length: ${GOODBYE.length}\n\n${GOODBYE}`);
      this.socket.end();
    });
  }

  protected afterReply(action: () => void): void {
    this.#tail = this.#tail.then(action);
  }

  destroy(): void {
    this.socket.destroy();
  }

  #onData(chunk: Buffer): void {
    let commands: Command[];
    try {
      commands = this.#reader.push(chunk);
    } catch {
      this.socket.destroy(); // longer than any command can be: no client of ours
      return;
    }
    for (const command of commands) this.#tail = this.#tail.then(() => this.#run(command));
  }

  async #run(command: Command): Promise<void> {
    this.#replying++;
    try {
      this.write(render(await this.handle(command)));
    } catch (error) {
      this.write(render(reply(`-ERR ${error instanceof Error ? error.message : 'internal error'}`)));
    } finally {
      this.#replying--;
      for (const event of this.#heldBack.splice(0)) this.#writeEvent(event);
    }
  }

  #onEvent(event: SwitchEvent): void {
    if (!this.subscription.wants(event)) return;
    if (this.#replying > 0) this.#heldBack.push(event);
    else this.#writeEvent(event);
  }

  #writeEvent(event: SwitchEvent): void {
    const { format } = this.subscription;
    const body = format === 'json' ? event.toJson() : event.toPlain();
    this.write(`Content-Length: ${Buffer.byteLength(body)}\nContent-Type: text/event-${format}\n\n${body}`);
  }
}

function render(answer: Reply): string {
  switch (answer.kind) {
    case 'reply':
      return `Content-Type: command/reply\nReply-Text: ${answer.text}\n${answer.headers ?? ''}\n`;
    case 'api':
      return `Content-Type: api/response\nContent-Length: ${Buffer.byteLength(answer.body)}\n\n${answer.body}`;
    case 'raw':
      return answer.text;
  }
}
