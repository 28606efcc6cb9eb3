import { randomUUID } from 'node:crypto';
import type { SipTarget } from '../../src/embedded/sip/transport.ts';
import { Sipp, type SippOptions, type SippResult } from '../support/sipp.ts';
import type { Effort, Row } from './measurement.ts';
import { byEngines, engineCpuTime } from './engines.ts';
import { Product } from './product.ts';
import { SipCaller } from './sip-caller.ts';
import { quantile, quantiles } from './statistics.ts';
import { cpuTime } from './procfs.ts';

const AGENT = '6000';
const TARGET = { callsPerSecond: byEngines(300, 500), addedP95Ms: 8 };
const CALM_RATE = 50;

/** Calls to a SIPp that answers at once: directly, through the product calmly, and, from another SIPp, as many as it must stand. */
export async function measureCallSetup({ quick, progress }: Effort): Promise<readonly Row[]> {
  const seconds = quick ? 2 : 10;
  await using callee = await Sipp.start('uas', { calls: 1_000_000, timeoutSeconds: 600 });
  const address = `sip:${AGENT}@${callee.address}:${callee.port}`;
  await using product = await Product.start([
    { id: randomUUID(), phoneNumber: AGENT, owner: 'agent1', address, autoAnswer: false },
  ]);
  const directly = { protocol: 'udp', address: callee.address, port: callee.port } as const;

  progress('warming up');
  await answerTimes(product.sip, 100, 3);
  progress(`${CALM_RATE} calls/s directly, then through the product`);
  const direct = await answerTimes(directly, CALM_RATE, seconds);
  const through = await answerTimes(product.sip, CALM_RATE, seconds);
  progress(`${TARGET.callsPerSecond} calls/s`);
  const cpu = await cpuTime(product.pid);
  const drachtio = await engineCpuTime('drachtio-server');
  const begun = performance.now();
  const fast = await run({
    remote: product.sip,
    user: AGENT,
    rate: TARGET.callsPerSecond,
    calls: TARGET.callsPerSecond * seconds,
    holdMs: 200,
    timeoutSeconds: seconds + 20,
  });
  const lasted = performance.now() - begun;
  const busy = ((await cpuTime(product.pid)) - cpu) / lasted;
  const below = (((await engineCpuTime('drachtio-server')) ?? NaN) - (drachtio ?? NaN)) / lasted;

  const added = (q: number) => quantile(through, q) - quantile(direct, q);
  return [
    {
      what: `INVITE→200 added at ${CALM_RATE} calls/s, median / p95`,
      measured: `${added(0.5).toFixed(1)} / ${added(0.95).toFixed(1)} ms`,
      target: `p95 ≤ ${TARGET.addedP95Ms} ms`,
      peers: 'drachtio 3.3 / 5.4, Asterisk 5 / 6, FreeSWITCH 26 / 47',
      ok: added(0.95) <= TARGET.addedP95Ms && through.length === CALM_RATE * seconds,
      note: `through the product ${quantiles(through, [0.5, 0.95], 'ms')}, directly ${quantiles(direct, [0.5, 0.95], 'ms')}`,
    },
    {
      what: `failed calls at ${TARGET.callsPerSecond} calls/s`,
      measured: `${fast.failed} of ${fast.created}`,
      target: `0`,
      peers: 'without failures: Asterisk 300/s, FreeSWITCH 150–200/s, drachtio 1,000/s',
      ok: fast.failed === 0 && fast.successful === fast.created && fast.exitCode === 0,
      note:
        `INVITE→200 ${quantiles(fast.responseTimes, [0.5, 0.95], 'ms')}, ${fast.retransmissions} retransmissions, ` +
        `the product busy with ${(busy * 100).toFixed(0)} % of a core over the run`,
    },
    ...cpuRow(busy, below, fast.created / (lasted / 1000)),
  ];
}

/** Shares of a core at so many calls per second; NaN where drachtio is no process of its own, or on another machine. */
function cpuRow(earpiece: number, drachtio: number, callsPerSecond: number): Row[] {
  if (Number.isNaN(drachtio)) return [];
  const perHundred = (share: number) => `${((share * 100) / (callsPerSecond / 100)).toFixed(0)} %`;
  return [
    {
      what: 'CPU per 100 calls/s, drachtio / Earpiece',
      measured: `${perHundred(drachtio)} / ${perHundred(earpiece)} of a core`,
      target: '–',
      peers: 'with createB2BUA: 26 % / 15 % (100 calls/s), 22 % / 9 % (300)',
      note: `over the run at ${TARGET.callsPerSecond} calls/s, ${callsPerSecond.toFixed(0)} on average, its end included`,
    },
  ];
}

/** INVITE → 200 of every call that was answered, ms. */
async function answerTimes(remote: SipTarget, rate: number, seconds: number): Promise<readonly number[]> {
  await using caller = await SipCaller.open(remote, AGENT);
  await caller.call(rate, seconds);
  return caller.responseTimes;
}

async function run(options: SippOptions): Promise<SippResult> {
  const sipp = await Sipp.start('uac-load', options);
  return sipp.finished;
}
