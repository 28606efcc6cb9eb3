import { createLogger } from '../../../src/log.ts';
import { openRedisStore } from '../../../src/store/redis/redis-store.ts';
import { busyStep } from './steps.ts';

/** An instance in a process of its own: it holds a call, coached and written down, says its id, and waits to be killed. */
const store = await openRedisStore(
  { url: process.argv[2] ?? '', prefix: process.argv[3] ?? '' },
  createLogger('silent'),
);
const { self } = store.siblings;
// Nobody listens there: whoever asks whether it lives is refused.
store.reachableAt('http://127.0.0.1:1');
store.records.put('call', { legs: [1, 2] });
await store.monitorings.take(busyStep('s', 'a', self), { from: 0, exclusive: true });
store.registrations.follow((key) => {
  if (key === self) console.log(self);
});
// What was written before this is in Redis when this is.
store.registrations.put(self, true);
setInterval(() => undefined, 1000);
