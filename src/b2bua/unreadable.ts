import type { EventEmitter } from 'node:events';
import type { Socketlike } from './stack.ts';

/**
 * Ends a control connection whose other end says what cannot be read, instead of the process: drachtio-srf 5.0.29 throws out of
 * the socket's `data` event, and again at whatever comes next (read, and tried). It then connects anew.
 */
export function guardFrames(wire: EventEmitter, complain: (error: unknown) => void): void {
  wire.on('connect', (socket: Socketlike) => {
    for (const listener of socket.listeners('data')) {
      const receive = listener as (chunk: Buffer) => void;
      socket.off('data', receive);
      socket.on('data', (chunk: Buffer) => {
        // What was sent behind the fault.
        if (socket.destroyed) return;
        try {
          receive(chunk);
        } catch (error) {
          complain(error);
          socket.destroy();
        }
      });
    }
  });
}
