/** The media worker's entry: takes commands, answers each. */
import { parentPort, workerData } from 'node:worker_threads';
import { MediaWorker } from './commands.ts';
import { raiseThreadPriority } from './thread-priority.ts';
import type { FromWorker, Request, WorkerOptions } from './protocol.ts';

const port = parentPort;
if (!port) throw new Error('this file runs as a worker thread');

raiseThreadPriority();
const say = (message: FromWorker): void => port.postMessage(message);
const worker = new MediaWorker(workerData as WorkerOptions, say);

async function answer({ seq, name, takes }: Request): Promise<void> {
  try {
    say({ kind: 'reply', seq, ok: true, gives: await worker.run(name, takes) });
  } catch (error) {
    say({ kind: 'reply', seq, ok: false, error: error instanceof Error ? error.message : String(error) });
  }
}

port.on('message', (request: Request) => void answer(request));
say({ kind: 'ready' });
