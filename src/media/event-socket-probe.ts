import { connect, type Socket } from 'node:net';
import { EarpieceError } from '../coaching/errors.ts';

export interface EventSocketAddress {
  readonly host: string;
  readonly port: number;
  readonly password: string;
}

/**
 * Looks whether a FreeSWITCH is ready for us, before drachtio-fsmrf is let loose on it: fsmrf 4.1.2 waits for ever when the
 * password is wrong, throws out of a socket's event when the SIP profile has not been loaded yet or has no IPv4 address, and
 * reconnects in the background for ever once it could not connect (measured and read).
 *
 * Rejects with `unavailable` and the reason in words.
 */
export async function probeEventSocket(
  { host, port, password }: EventSocketAddress,
  profile: string,
  limitMs: number,
): Promise<void> {
  const socket = connect({ host, port, noDelay: true });
  const timer = setTimeout(() => socket.destroy(new Error(`no answer within ${limitMs} ms`)), limitMs);
  try {
    const messages = messagesOf(socket);
    if (!(await next(messages)).includes('auth/request')) throw new Error('it refuses us (its access list)');
    socket.write(`auth ${password}\n\n`);
    if (!(await next(messages)).includes('+OK')) throw new Error('the password is wrong');
    socket.write('api sofia status\n\n');
    await next(messages);
    const status = await next(messages);
    // The address is what fsmrf reads of the profile.
    const running = new RegExp(`^\\s*${profile}\\s.*sip:mod_sofia@\\d+(?:\\.\\d+){3}:\\d+.*RUNNING`, 'm');
    if (!running.test(status)) throw new Error(`it has no SIP profile ${profile} that runs at an IPv4 address`);
  } catch (error) {
    throw EarpieceError.from(error);
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

async function next(messages: AsyncGenerator<string, undefined>): Promise<string> {
  const { value } = await messages.next();
  if (value === undefined) throw new Error('it closed the connection');
  return value;
}

/** Header blocks and, after one with a Content-Length, the body. */
async function* messagesOf(socket: Socket): AsyncGenerator<string, undefined> {
  let received = Buffer.alloc(0);
  let body = 0;
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    received = Buffer.concat([received, chunk]);
    for (;;) {
      const end = body > 0 ? body : received.indexOf('\n\n') + 2;
      if (end < 2 || received.length < end) break;
      const message = received.toString('utf8', 0, end);
      received = received.subarray(end);
      body = body > 0 ? 0 : Number(/^Content-Length: (\d+)$/m.exec(message)?.[1] ?? 0);
      yield message;
    }
  }
}
