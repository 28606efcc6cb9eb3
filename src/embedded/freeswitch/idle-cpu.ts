import { cpus } from 'node:os';

/** How idle the machine's processors are, percent, over the time since it was last asked. */
export class IdleCpu {
  #before = times();
  #percent = 100;

  read(): number {
    const now = times();
    const total = now.total - this.#before.total;
    if (total > 0) this.#percent = (100 * (now.idle - this.#before.idle)) / total;
    this.#before = now;
    return this.#percent;
  }
}

function times(): { idle: number; total: number } {
  let idle = 0;
  let total = 0;
  for (const { times: of } of cpus()) {
    idle += of.idle;
    total += of.user + of.nice + of.sys + of.idle + of.irq;
  }
  return { idle, total };
}
