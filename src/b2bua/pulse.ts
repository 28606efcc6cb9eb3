import type { EventEmitter } from 'node:events';
import type { Socketlike } from './stack.ts';

/** How often srf asks drachtio whether it is there, in ms: the least that srf takes. */
export const PING_MS = 5_000;

/** Questions without a byte from drachtio after which the connection counts as dead. */
const PATIENCE = 2;

/**
 * Ends a control connection that has died without a word: a frozen drachtio, or a network in between that is gone, sends no FIN, and
 * srf, which can ask, does not look whether it is answered (read in drachtio-srf 5.0.29). Whatever comes is a sign of life. Questions are
 * counted and not ms: a process of ours that was held up must not blame drachtio.
 */
export function watchPulse(wire: EventEmitter, complain: (reason: string) => void): void {
  const unanswered = new WeakMap<Socketlike, number>();
  wire.on('connect', (socket: Socketlike) => {
    socket.on('data', () => unanswered.set(socket, 0));
  });
  wire.on('ping', ({ socket }: { readonly socket: Socketlike }) => {
    const count = unanswered.get(socket) ?? 0;
    unanswered.set(socket, count + 1);
    if (count < PATIENCE) return;
    complain(`nothing was heard of drachtio for ${PATIENCE * PING_MS} ms`);
    socket.destroy();
  });
}
