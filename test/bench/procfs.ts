/** What Linux says of a process: CPU time by thread, memory, sockets; and which process listens on a port. */
import { readdir, readFile, readlink } from 'node:fs/promises';

export interface ThreadTime {
  readonly tid: number;
  /** CPU time so far, ms. */
  readonly cpuMs: number;
}

/** CPU time of every thread; the first is the main thread, whose id is that of the process. */
export async function threadTimes(pid: number): Promise<ThreadTime[]> {
  const tids = (await readdir(`/proc/${pid}/task`)).map(Number).sort((a, b) => a - b);
  return Promise.all(
    tids.map(async (tid) => {
      // Time on a CPU in ns (Documentation/scheduler/sched-stats).
      const schedstat = await readFile(`/proc/${pid}/task/${tid}/schedstat`, 'latin1');
      return { tid, cpuMs: Number(schedstat.split(' ')[0]) / 1e6 };
    }),
  );
}

/** CPU time of the whole process, ms. Threads that came and went in between are not in it. */
export async function cpuTime(pid: number): Promise<number> {
  return (await threadTimes(pid)).reduce((sum, { cpuMs }) => sum + cpuMs, 0);
}

/** UDP sockets that the process has open. */
export async function udpSockets(pid: number): Promise<number> {
  const table = await readFile('/proc/net/udp', 'latin1');
  const inodes = new Set(table.split('\n').flatMap((line) => line.trim().split(/\s+/)[9] ?? []));
  return (await socketsOf(pid)).filter((inode) => inodes.has(inode)).length;
}

/** The process that listens on this TCP port of this machine; undefined where there is none that we may look at. */
export async function listenerOn(port: number): Promise<number | undefined> {
  const tables = await Promise.all(['tcp', 'tcp6'].map((each) => readFile(`/proc/net/${each}`, 'latin1').catch(gone)));
  const inodes = new Set(
    tables.flatMap((table) =>
      table.split('\n').flatMap((line) => {
        // Documentation/networking/proc_net_tcp: 0A is LISTEN.
        const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
        return state === '0A' && Number.parseInt(local.split(':')[1] ?? '', 16) === port ? [inode] : [];
      }),
    ),
  );
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)) {
    if ((await socketsOf(pid)).some((inode) => inodes.has(inode))) return pid;
  }
  return undefined;
}

/** Inodes of the sockets of a process; none where it is gone or not ours to look at. */
async function socketsOf(pid: number): Promise<string[]> {
  const fds = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const links = await Promise.all(fds.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(gone)));
  return links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []);
}

/** It was closed meanwhile, or there is no such table. */
function gone(): string {
  return '';
}

/** Share of the last 10 s in which something had to wait for a CPU (pressure stall information); undefined where the kernel does not say. */
export async function cpuPressure(): Promise<number | undefined> {
  try {
    const text = await readFile('/proc/pressure/cpu', 'latin1');
    return Number(/some avg10=([\d.]+)/.exec(text)?.[1]) / 100;
  } catch {
    // A kernel without it.
    return undefined;
  }
}
