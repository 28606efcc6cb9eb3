import type { Logger } from '../log.ts';
import { respond } from './responses.ts';
import type { Reply, StackRequest } from './stack.ts';

/**
 * Runs a task whose failure must cost nobody else anything; it is logged, and `failed` tidies up. srf calls its listeners while it
 * reads from the socket of drachtio: what one of them throws is an uncaught exception, and would end every call of the process.
 */
export function guarded(log: Logger, doing: string, task: () => unknown, failed: () => void = () => undefined): void {
  const complain = (error: unknown) => log.error({ err: error, doing }, 'failed, and everything else goes on');
  const fail = (error: unknown) => {
    complain(error);
    try {
      failed();
    } catch (worse) {
      complain(worse);
    }
  };
  // At once: what srf and the phones expect to happen within the event does.
  try {
    const done = task();
    if (done instanceof Promise) done.catch(fail);
  } catch (error) {
    fail(error);
  }
}

/** A request that we cannot cope with is answered all the same. */
export function answering(log: Logger, request: StackRequest, reply: Reply, handle: () => unknown): void {
  guarded(log, request.method, handle, () => {
    if (!reply.finalResponseSent) respond(reply, { status: 500 });
  });
}
