import { setTimeout as after } from 'node:timers/promises';
import { byEngines, engineCpuTime } from './engines.ts';
import { markedVoice, markOf, silentVoice } from './marked-voice.ts';
import type { Effort, Row } from './measurement.ts';
import { Stage, type Trio } from './stage.ts';
import { median, quantile, quantiles } from './statistics.ts';

const CALLS = 8;
/** What a FreeSWITCH conference does with bursts is not ours to promise: its buffers grow with them and do not shrink. */
const TARGET_MS = byEngines({ median: 12, p99: 25 }, { median: 25, p99: undefined });
/** The jitter buffer knows its network after so long, ms. */
const SETTLED_MS = 4500;

/**
 * Supervisor's packet in → agent's packet out, by content: every frame of the supervisor carries a number. Customer and
 * agent send silence, so the agent's frame is made of two sources whose packets come at phases of their own.
 */
export async function measureWhisperDelay({ quick, progress }: Effort): Promise<readonly Row[]> {
  const voices = { customer: silentVoice('c'), agent: silentVoice('a'), supervisor: markedVoice('s', 0) };
  await using stage = await Stage.open(CALLS, voices);
  progress(`${CALLS} coached calls, every phone at a phase of its own`);
  for (const trio of stage.trios) {
    await stage.call(trio);
    // So that the supervisor's packets fall anywhere between the customer's.
    await after(Math.random() * 20);
    await stage.coach(trio);
    await trio.agent.probe.hears(trio.supervisor.voice);
  }
  await after(SETTLED_MS);
  const from = performance.now();
  const cpu = await engineCpuTime('FreeSWITCH');
  await after(quick ? 3000 : 15_000);
  const busy = ((await engineCpuTime('FreeSWITCH')) ?? NaN) - (cpu ?? NaN);
  const share = busy / (performance.now() - from) / CALLS;
  const heard = stage.trios.map((trio) => delays(trio, from));
  const all = heard.flat();
  const said = stage.trios.flatMap(({ supervisor }) => supervisor.sent.filter(({ at }) => at > from)).length;
  const [middle, late] = [median(all), quantile(all, 0.99)];
  const byCall = heard.map((each) => median(each).toFixed(0)).join(', ');
  return [
    {
      what: 'delay supervisor → agent in the mixer, median / p99',
      measured: quantiles(all, [0.5, 0.99], 'ms'),
      target: `≤ ${TARGET_MS.median} / ${TARGET_MS.p99 ?? '–'} ms`,
      peers: 'ChanSpy 10–13 / 20 (p95), eavesdrop 15 / 36, FS conference 36 / 43',
      ok: middle <= TARGET_MS.median && late <= (TARGET_MS.p99 ?? Infinity),
      note: `${all.length} of ${said} frames recognised; medians of the ${CALLS} calls ${byCall} ms; two sources per listener`,
    },
    ...cpuRow(share),
  ];
}

/** Its share of a core; NaN where the engine is no process of its own, or on another machine. */
function cpuRow(share: number): Row[] {
  if (Number.isNaN(share)) return [];
  return [
    {
      what: 'a coached call (3 legs) in FreeSWITCH',
      measured: `${(share * 100).toFixed(2)} % of a core`,
      target: '–',
      peers: 'ChanSpy 0.75–1.1 %, eavesdrop 0.8–0.9 %, FS conference 1.6–2.0 %',
      note: `of ${CALLS} at once; what FreeSWITCH needs by itself is in it`,
    },
  ];
}

/** Of every frame that arrived since: ms from the supervisor's socket to the agent's. */
function delays({ agent, supervisor }: Trio, from: number): number[] {
  const sentAt = new Map(supervisor.sent.map(({ position, at }) => [(position / 160) & 0xffff, at]));
  return agent.frames().flatMap(({ at, samples }) => {
    const mark = markOf(samples, 0);
    const sent = mark === undefined ? undefined : sentAt.get(mark);
    return sent === undefined || sent < from ? [] : [at - sent];
  });
}
