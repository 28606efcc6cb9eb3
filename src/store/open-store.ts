import type { Config } from '../config.ts';
import type { Logger } from '../log.ts';
import { openFileStore } from './file-store.ts';
import { openRedisStore } from './redis/redis-store.ts';
import { memoryStore } from './memory-store.ts';
import type { Store } from './store.ts';

/** Opens the store that the configuration asks for. */
export function openStore({ kind, path, redis }: Config['store'], log: Logger): Promise<Store> {
  switch (kind) {
    case 'memory':
      return Promise.resolve(memoryStore());
    case 'file':
      return openFileStore(path, log.child({ part: 'store' }));
    case 'redis':
      return openRedisStore(redis, log.child({ part: 'store' }));
  }
}
