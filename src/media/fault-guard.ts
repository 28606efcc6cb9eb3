import type { Socket } from 'node:net';
import { EarpieceError } from '../coaching/errors.ts';

/**
 * Ends a connection whose other end says what cannot be read, instead of the process: drachtio-modesl 1.3.1 and drachtio-fsmrf
 * 4.1.2 throw out of the socket's `data` event, at a `%` in a header that begins no escape, or when somebody who
 * is no FreeSWITCH connects to the port of the outbound event sockets (read, and tried).
 *
 * To be called when they listen already.
 */
export function endOnFault(socket: Socket, onFault: (error: EarpieceError) => void): void {
  for (const listener of socket.listeners('data')) {
    const receive = listener as (chunk: Buffer) => void;
    socket.off('data', receive);
    socket.on('data', (chunk: Buffer) => {
      // What was sent behind the fault.
      if (socket.destroyed) return;
      try {
        receive(chunk);
      } catch (error) {
        onFault(EarpieceError.from(error));
        socket.destroy();
      }
    });
  }
}
