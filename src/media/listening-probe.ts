import { once } from 'node:events';
import { createServer } from 'node:net';
import { EarpieceError } from '../coaching/errors.ts';

/**
 * Looks whether we can listen at this address, before drachtio-fsmrf does: 4.1.2 has no listener for the error of its server,
 * so that an address that is not ours would end the process (read, and tried). Rejects with `unavailable`.
 */
export async function probeListenAddress(host: string): Promise<void> {
  const server = createServer();
  try {
    server.listen(0, host);
    await once(server, 'listening');
  } catch (error) {
    const { message } = EarpieceError.from(error);
    throw new EarpieceError('unavailable', `cannot listen at media.listenAddress: ${message}`, { cause: error });
  } finally {
    server.close();
  }
}
