/** What is measured beneath Earpiece: its own engines, or the real ones that EARPIECE_DRACHTIO and EARPIECE_FREESWITCH name. */
import { EventSocketClient } from '../contract/freeswitch/event-socket-client.ts';
import { onRealEngines } from '../support/lab.ts';
import { type RealEngine, realEngines, SECRETS, versionOf } from '../support/real-engines.ts';
import { cpuTime, listenerOn } from './procfs.ts';

export { onRealEngines };

/** A number that depends on the engines. */
export const byEngines = <T>(embedded: T, real: T): T => (onRealEngines ? real : embedded);

const { engines } = realEngines();

/** Their names and versions, for the foot of the table. */
export async function enginesInWords(): Promise<string> {
  if (!onRealEngines) return 'the embedded engines';
  return (await Promise.all(engines.map((engine) => versionOf(engine)))).join(', ');
}

/** CPU time so far of all real engines of a kind, ms; undefined where there is none, or it runs on another machine. */
export async function engineCpuTime(kind: RealEngine['kind']): Promise<number | undefined> {
  if (!onRealEngines) return undefined;
  const pids = await Promise.all(engines.filter((each) => each.kind === kind).map(({ port }) => listenerOn(port)));
  const times = await Promise.all(pids.map((pid) => (pid === undefined ? Promise.resolve(NaN) : cpuTime(pid))));
  const sum = times.reduce((total, each) => total + each, 0);
  return Number.isNaN(sum) ? undefined : sum;
}

/** Channels on all real FreeSWITCH servers. */
export async function freeswitchChannels(): Promise<number> {
  const counts = engines
    .filter(({ kind }) => kind === 'FreeSWITCH')
    .map(async ({ host, port }) => {
      const client = await EventSocketClient.authenticated(port, SECRETS.freeswitch, host);
      const total = /^(\d+) total/m.exec(await client.api('show channels count'))?.[1];
      client.close();
      return Number(total);
    });
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}
