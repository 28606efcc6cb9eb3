import { execFileSync } from 'node:child_process';
import { createLogger } from '../../../src/log.ts';
import { openFileStore } from '../../../src/store/file-store.ts';
import { Listener } from './listener.ts';
import { armedStep, busyStep, cancelledStep } from './steps.ts';

/**
 * An instance in a process of its own, whose disk is full for a while, and that ends without a word. Files may not grow beyond a
 * limit meanwhile: a write that goes beyond it is written up to there, as on a full disk. Says what was refused, and what it was told.
 */
const store = await openFileStore(process.argv[2] ?? '', createLogger('silent'));
const limitFiles = (bytes: number | 'unlimited') =>
  execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:unlimited`]);

const { monitorings, records, siblings } = store;
const listener = new Listener(store);
const version = () => listener.steps.at(-1)?.version ?? 0;
await monitorings.take(armedStep('cancelled', 'a'), { from: 0, exclusive: true });
const first = version();
await monitorings.take(busyStep('leaving', 'b', siblings.self), { from: 0, exclusive: true });
const second = version();

limitFiles(20_000);
const outcomes: string[] = [];
for (let n = 0; n < 100 && store.status().is === 'up'; n++) {
  const supervisor = `meanwhile ${n}`.padEnd(3000, '.');
  const refused = await monitorings
    .take(armedStep(supervisor, supervisor), { from: 0, exclusive: true })
    .then(
      () => monitorings.take(cancelledStep(supervisor), { from: version(), exclusive: false }).catch(String),
      String,
    );
  if (refused !== 'taken') outcomes.push(refused);
}
records.put('meanwhile', { n: 1 });
outcomes.push(await monitorings.take(cancelledStep('leaving'), { from: second, exclusive: false }).catch(String));

limitFiles('unlimited');
await listener.until('the store is mended', () => listener.reunions === 1);
outcomes.push(store.status().is, ...listener.lost);
outcomes.push(await monitorings.take(cancelledStep('cancelled'), { from: first, exclusive: false }));
outcomes.push(await monitorings.take(armedStep('leaving', 'b'), { from: second, exclusive: false }));
outcomes.push(await monitorings.take(armedStep('later', 'c'), { from: 0, exclusive: true }));
records.put('later', { n: 2 });
// Of what is written behind all is written that was put before the last subscription but one.
await monitorings.take(armedStep('last', 'd'), { from: 0, exclusive: true });
await monitorings.take(cancelledStep('last'), { from: version(), exclusive: false });
console.log(JSON.stringify(outcomes));
process.kill(process.pid, 'SIGKILL');
