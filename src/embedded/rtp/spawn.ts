import { Worker } from 'node:worker_threads';
import type { WorkerOptions } from './protocol.ts';

/**
 * Starts the media worker. Compiled, the file is run as it is. From TypeScript source (tsx, vitest) a worker knows no
 * loader of its own, so a line of JavaScript registers one first.
 */
export function spawnWorker(workerData: WorkerOptions): Worker {
  // A larger young generation: received datagrams die young, and fewer scavenges mean fewer late ticks.
  const resourceLimits = { maxYoungGenerationSizeMb: 32 };
  if (!import.meta.url.endsWith('.ts')) {
    return new Worker(new URL('./worker.js', import.meta.url), { workerData, resourceLimits, execArgv: [] });
  }
  const loader = JSON.stringify(import.meta.resolve('tsx/esm/api'));
  const entry = JSON.stringify(new URL('./worker.ts', import.meta.url).href);
  const code = `import(${loader}).then(({ register }) => { register(); return import(${entry}); })`;
  return new Worker(code, { eval: true, workerData, resourceLimits, execArgv: [] });
}
