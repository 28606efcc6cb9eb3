import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@redis/client';
import { createLogger } from '../../../src/log.ts';
import { openFileStore } from '../../../src/store/file-store.ts';
import { RedisServer } from '../../support/redis-server.ts';
import { memoryStore } from '../../../src/store/memory-store.ts';
import { openRedisStore } from '../../../src/store/redis/redis-store.ts';
import type { SiblingTiming } from '../../../src/store/redis/redis-siblings.ts';
import type { Store } from '../../../src/store/store.ts';

/** A place where a store is, which may be opened again and again, and by several where that makes sense. */
export interface Place extends AsyncDisposable {
  open(): Promise<Store>;
}

const log = createLogger('silent');

export async function filePlace(): Promise<Place & { folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'earpiece-store-'));
  const opened: Store[] = [];
  return {
    folder,
    open: async () => {
      const store = await openFileStore(join(folder, 'store'), log);
      opened.push(store);
      return store;
    },
    [Symbol.asyncDispose]: async () => {
      for (const store of opened) await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export const memoryPlace = (): Promise<Place> =>
  Promise.resolve({ open: () => Promise.resolve(memoryStore()), [Symbol.asyncDispose]: () => Promise.resolve() });

interface RedisPlace extends Place {
  readonly server: RedisServer;
  /** `url`: another way to the same server. */
  open(url?: string): Promise<Store>;
  /** One command for the server itself. */
  readonly ask: (...words: string[]) => Promise<unknown>;
}

/** A redis-server of its own. */
export async function redisPlace(timing?: SiblingTiming): Promise<RedisPlace> {
  const server = await RedisServer.start();
  const opened: Store[] = [];
  return {
    server,
    open: async (url = server.url) => {
      const store = await openRedisStore({ url, prefix: 'test:' }, log, timing);
      opened.push(store);
      return store;
    },
    ask: async (...words) => {
      const client = createClient({ url: server.url, RESP: 3 });
      await client.connect();
      const answer = await client.sendCommand(words);
      client.destroy();
      return answer;
    },
    [Symbol.asyncDispose]: async () => {
      for (const store of opened) await store.close();
      await server[Symbol.asyncDispose]();
    },
  };
}
