import type { Socket } from 'node:net';

/** Questions without a byte from the server after which it counts as gone. */
const PATIENCE = 4;

/**
 * Watches whether a server is still there. One that is frozen, or whose cable was pulled, sends no FIN. Anything that comes over any of its
 * connections proves that it lives; so a server that is merely slow with its answers, because it is busy, is not taken for
 * dead. Questions are counted and not ms, for a process of ours that was held up itself must not blame the server.
 */
export class Lifeline {
  readonly #timer: NodeJS.Timeout;
  #unanswered = 0;

  /** `ask` is called every `intervalMs`, `gone` once, after four questions to which nothing at all was heard. */
  constructor(intervalMs: number, ask: () => void, gone: (reason: string) => void) {
    this.#timer = setInterval(() => {
      if (this.#unanswered >= PATIENCE) {
        this.close();
        gone(`nothing was heard of it for ${PATIENCE * intervalMs} ms`);
        return;
      }
      this.#unanswered++;
      ask();
    }, intervalMs).unref();
  }

  /** Takes every byte of this socket for a sign of life. */
  follow(socket: Socket): void {
    socket.on('data', () => {
      this.#unanswered = 0;
    });
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
