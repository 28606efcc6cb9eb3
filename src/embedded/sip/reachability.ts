import { createUdpSocket } from './udp-socket.ts';

/** ICMP from this machine comes within a millisecond, from a LAN within a few. */
const PATIENCE_MS = 1000;
/** A peer heard within this time is not asked whether it is there. */
const FRESH_MS = 2000;
const MAX_HEARD = 10_000;
/** What every SIP element ignores between messages (RFC 3261 7.5). */
const KEEP_ALIVE = '\r\n\r\n';

interface Asking {
  readonly waiting: (() => void)[];
  /** Sends another keep-alive: the port may have been closed since the last. */
  readonly again: () => void;
}

/**
 * Knows which UDP ports are closed. A connected socket is told of ICMP "port unreachable"; the socket that serves all
 * peers is not, so a connected one asks beside it, with a keep-alive, one at a time for each peer.
 */
export class Reachability {
  readonly #heard = new Map<string, number>();
  readonly #asking = new Map<string, Asking>();

  /** Something came from there. */
  note(address: string, port: number): void {
    if (this.#heard.size >= MAX_HEARD) this.#heard.clear();
    this.#heard.set(`${address}:${port}`, performance.now());
  }

  /** @param refused called when the port is closed; never when it is open or silent. */
  check(address: string, port: number, refused: () => void): void {
    const key = `${address}:${port}`;
    const heard = this.#heard.get(key);
    if (heard !== undefined && performance.now() - heard < FRESH_MS) return;
    const asking = this.#asking.get(key);
    if (asking !== undefined) {
      asking.waiting.push(refused);
      asking.again();
      return;
    }
    const waiting = [refused];
    const again = probe(address, port, (isClosed) => {
      this.#asking.delete(key);
      if (isClosed) for (const each of waiting) each();
    });
    this.#asking.set(key, { waiting, again });
  }
}

/** @returns a function that asks once more. `done` is called once, and never before this returns. */
function probe(address: string, port: number, done: (isClosed: boolean) => void): () => void {
  const socket = createUdpSocket(address);
  let state: 'connecting' | 'connected' | 'over' = 'connecting';
  const end = (isClosed: boolean): void => {
    if (state === 'over') return;
    state = 'over';
    clearTimeout(patience);
    socket.close();
    done(isClosed);
  };
  const fail = (error: NodeJS.ErrnoException): void => {
    end(error.code === 'ECONNREFUSED');
  };
  const ask = (): void => {
    if (state !== 'connected') return;
    socket.send(KEEP_ALIVE, (error) => {
      if (error) fail(error);
    });
  };
  const patience = setTimeout(end, PATIENCE_MS, false);
  patience.unref();
  socket.unref();
  socket.on('error', fail);
  // What the types of Node do not say: a name that does not resolve comes as an argument.
  socket.connect(port, address, (error?: NodeJS.ErrnoException) => {
    if (error !== undefined) {
      fail(error);
      return;
    }
    if (state === 'connecting') state = 'connected';
    ask();
  });
  return ask;
}
