import { setTimeout as after } from 'node:timers/promises';
import type { Effort, Row } from './measurement.ts';
import type { MixerPorts, MixerQuestion, MixerStats } from './mixer-process.ts';
import { PeerProcess } from './peer-process.ts';
import { cpuPressure, cpuTime } from './procfs.ts';
import type { LoadCount, LoadPorts, LoadQuestion } from './rtp-load.ts';

const CALLS = 100;
const WARM_MS = 3000;
const TARGET_PERCENT = 0.5;
const TARGET_LATE = 0.001;

/**
 * 100 coached calls, three speaking legs each, in the engine alone: what signalling costs is not in it, and the load
 * generator need not be 300 telephones.
 */
export async function measureMixerLoad({ quick, progress }: Effort): Promise<readonly Row[]> {
  const ms = quick ? 4000 : 20_000;
  await using mixer = await PeerProcess.start(new URL('./mixer-process.ts', import.meta.url));
  await using load = await PeerProcess.start(new URL('./rtp-load.ts', import.meta.url));
  const { ports: remotes } = await load.ask<LoadPorts>({ type: 'open' } satisfies LoadQuestion);
  const { ports } = await mixer.ask<MixerPorts>({ type: 'open', calls: CALLS, remotes } satisfies MixerQuestion);
  const look = async () => ({
    at: performance.now(),
    cpu: await cpuTime(mixer.pid),
    stats: await mixer.ask<MixerStats>({ type: 'stats' } satisfies MixerQuestion),
    load: await load.ask<LoadCount>({ type: 'count' } satisfies LoadQuestion),
  });
  const idle = await look();
  await load.ask({ type: 'send', ports } satisfies LoadQuestion);
  progress(`${CALLS} coached calls, ${ports.length} streams each way, ${ms / 1000} s`);
  await after(WARM_MS);
  const before = await look();
  await after(ms);
  const now = await look();
  const pressure = await cpuPressure();

  const time = now.at - before.at;
  const percent = (cpu: number) => (cpu / time / CALLS) * 100;
  const thread = percent((now.stats.cpuMs ?? NaN) - (before.stats.cpuMs ?? NaN));
  const process = percent(now.cpu - before.cpu);
  const ticks = now.stats.ticks - before.stats.ticks;
  const late = (now.stats.lateTicks - before.stats.lateTicks) / ticks;
  const skipped = now.stats.skippedTicks - before.stats.skippedTicks;
  const came = (now.load.received - before.load.received) / (now.load.sent - before.load.sent);
  return [
    {
      what: 'a coached call (3 legs) in the mixer thread',
      measured: `${thread.toFixed(2)} % of a core`,
      target: `≤ ${TARGET_PERCENT} %`,
      peers: 'ChanSpy 0.75–1.1 %, eavesdrop 0.8–0.9 %, FS conference 1.6–2.0 %',
      ok: thread <= TARGET_PERCENT,
      note: `of ${CALLS} at once, the engine alone in a process, all its threads together ${process.toFixed(2)} %; before the first packet came, ${idle.stats.packetsSent} had been sent`,
    },
    {
      what: `late ticks (> 5 ms) with ${CALLS} coached calls`,
      measured: `${(late * 100).toFixed(3)} %`,
      target: `< ${TARGET_LATE * 100} %`,
      peers: '–',
      ok: late < TARGET_LATE,
      note: `of ${ticks} ticks, ${skipped} left out; ${(came * 100).toFixed(2)} % as many packets came back as were sent${
        pressure === undefined ? '' : `; something waited for a CPU ${(pressure * 100).toFixed(0)} % of the time`
      }`,
    },
  ];
}
