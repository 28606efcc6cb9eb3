import { EventEmitter } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import type { FromWorker, Notice, Request } from '../../../src/embedded/rtp/protocol.ts';
import { WorkerClient } from '../../../src/embedded/rtp/worker-client.ts';

/** A worker that answers when it is told to. */
class FakeWorker extends EventEmitter {
  readonly requests: Request[] = [];

  postMessage(request: Request): void {
    this.requests.push(request);
  }

  terminate(): Promise<number> {
    this.emit('exit', 1);
    return Promise.resolve(1);
  }

  says(message: FromWorker): void {
    this.emit('message', message);
  }
}

function start(): { worker: FakeWorker; client: WorkerClient; notices: Notice[] } {
  const worker = new FakeWorker();
  const notices: Notice[] = [];
  const client = new WorkerClient(worker as unknown as Worker, (notice) => notices.push(notice));
  return { worker, client, notices };
}

describe('the media worker', () => {
  test('answers in any order', async () => {
    const { worker, client } = start();
    const first = client.call('createMix', { mix: 'a' });
    const second = client.call('createMix', { mix: 'b' });
    const [a, b] = worker.requests;
    worker.says({ kind: 'reply', seq: b?.seq ?? 0, ok: false, error: 'no' });
    worker.says({ kind: 'reply', seq: a?.seq ?? 0, ok: true, gives: undefined });
    await expect(second).rejects.toThrow('no');
    await expect(first).resolves.toBeUndefined();
  });

  test('when it dies, all that waits is rejected, and it is told once', async () => {
    const { worker, client, notices } = start();
    const waiting = [client.call('engineStats', {}), client.call('createStream', {})];
    worker.emit('error', new Error('out of luck'));
    worker.emit('exit', 1);
    for (const each of waiting) await expect(each).rejects.toThrow('out of luck');
    await expect(client.call('engineStats', {})).rejects.toThrow('closed');
    expect(notices).toEqual([{ kind: 'error', error: 'out of luck' }]);
    await client.close();
  });

  test('when it ends without a word, that is an error too', async () => {
    const { worker, client, notices } = start();
    const waiting = client.call('engineStats', {});
    worker.emit('exit', 0);
    await expect(waiting).rejects.toThrow('ended with code 0');
    expect(notices).toHaveLength(1);
  });

  test('closed on purpose, it is none', async () => {
    const { worker, client, notices } = start();
    const closing = Promise.all([client.close(), client.close()]);
    worker.says({ kind: 'reply', seq: worker.requests[0]?.seq ?? 0, ok: true, gives: undefined });
    await closing;
    expect(worker.requests.map(({ name }) => name)).toEqual(['closeEngine']);
    expect(notices).toEqual([]);
  });
});
