import { randomUUID } from 'node:crypto';
import { setTimeout as after } from 'node:timers/promises';
import { Sipp, type SippOptions } from '../support/sipp.ts';
import type { Effort, Row } from './measurement.ts';
import { freeswitchChannels, onRealEngines } from './engines.ts';
import { cpuTime, udpSockets } from './procfs.ts';
import { type Memory, Product } from './product.ts';

const AGENT = '6000';
const TARGET = { idleMb: 150, callKb: 60 };
const HELD = 1000;
const RATE = 250;
/** Longest timer of SIP transactions over UDP (Timers D, H, J of RFC 3261 table 4), and some, ms. */
const FORGOTTEN_MS = 35_000;
/** What comes and goes by itself: code compiled late, pages the allocators keep in reserve. */
const SLACK_MB = { rss: 10, heap: 1 };

const mb = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MB`;

/** Memory after garbage collections: idle, with calls that nobody coaches, and after many calls. */
export async function measureMemory({ quick, progress }: Effort): Promise<readonly Row[]> {
  const many = quick ? 1000 : 10_000;
  await using callee = await Sipp.start('uas', { calls: 1_000_000, timeoutSeconds: 600 });
  const address = `sip:${AGENT}@${callee.address}:${callee.port}`;
  await using product = await Product.start([
    { id: randomUUID(), phoneNumber: AGENT, owner: 'agent1', address, autoAnswer: false },
  ]);
  const forgotten = () => after(quick ? 0 : FORGOTTEN_MS);
  const calls = (options: SippOptions) =>
    Sipp.start('uac-load', { remote: product.sip, user: AGENT, timeoutSeconds: 120, ...options });

  const fresh = await product.memory();
  progress(`${many} calls to warm up`);
  // Code that has never run is not loaded yet, and at its busiest the heap takes pages that it does not give back.
  await (await calls({ calls: many, rate: 300, holdMs: 100 })).finished;
  await forgotten();
  const before = await product.memory();
  const sockets = await udpSockets(product.pid);

  progress(`${many} calls more`);
  const run = await (await calls({ calls: many, rate: 300, holdMs: 100 })).finished;
  await forgotten();
  const end = await product.memory();

  progress(`${HELD} calls that nobody coaches`);
  const up = (HELD / RATE) * 1000 + 1000;
  const waiting = quick ? 1000 : 5000;
  const holding = await calls({ calls: HELD, rate: RATE, holdMs: up + waiting + 2000 });
  await after(up);
  const cpu = await cpuTime(product.pid);
  await after(waiting);
  const costs = (await cpuTime(product.pid)) - cpu;
  const held = await product.memory();
  const opened = (await udpSockets(product.pid)) - sockets;
  const channels = onRealEngines ? await freeswitchChannels() : undefined;
  const { failed } = await holding.finished;
  return [
    {
      what: 'idle memory (RSS)',
      measured: mb(fresh.rss),
      target: `≤ ${TARGET.idleMb} MB`,
      peers: '–',
      ok: fresh.rss <= TARGET.idleMb * 2 ** 20,
      note: `heap ${mb(fresh.heapUsed)}; after the first ${many} calls RSS ${mb(before.rss)}, heap ${mb(before.heapUsed)}`,
    },
    callRow(end, held, failed),
    {
      what: `${HELD} uncoached calls: UDP sockets opened; CPU`,
      measured: `${opened}; ${((costs / waiting) * 100).toFixed(1)} % of a core`,
      target: '0',
      peers: 'Asterisk direct media 0.01–0.04 % each, FS bridge 0.47 %',
      ok: opened === 0,
      note: 'media flow between the parties: no RTP port, no channel, no packet; the CPU is that of timers and collections',
    },
    ...channelRow(channels),
    growthRow(before, end, many, run.failed, quick),
  ];
}

function channelRow(channels: number | undefined): Row[] {
  if (channels === undefined) return [];
  return [
    {
      what: `FreeSWITCH channels for ${HELD} uncoached calls`,
      measured: String(channels),
      target: '0',
      peers: 'FS 2,000',
      ok: channels === 0,
    },
  ];
}

function callRow(idle: Memory, held: Memory, failed: number): Row {
  const rss = (held.rss - idle.rss) / HELD / 1024;
  const heap = (held.heapUsed + held.external - idle.heapUsed - idle.external) / HELD / 1024;
  return {
    what: 'an uncoached call, RSS / heap',
    measured: `${rss.toFixed(0)} / ${heap.toFixed(0)} KB`,
    target: `≤ ${TARGET.callKb} KB`,
    peers: '–',
    ok: Math.max(rss, heap) <= TARGET.callKb && failed === 0,
    note: `${HELD} calls up, seconds after they were set up: what their transactions still remember is in it`,
  };
}

function growthRow(before: Memory, end: Memory, many: number, failed: number, quick: boolean): Row {
  const [rss, heap] = [end.rss - before.rss, end.heapUsed - before.heapUsed];
  return {
    what: `growth over ${many} calls, RSS / heap`,
    measured: `${mb(rss)} / ${mb(heap)}`,
    target: 'none',
    peers: '–',
    ...(!quick && { ok: rss <= SLACK_MB.rss * 2 ** 20 && heap <= SLACK_MB.heap * 2 ** 20 && failed === 0 }),
    note: quick
      ? 'right after the last call, while its transactions (32 s) are still remembered: the whole bench waits for those'
      : `${FORGOTTEN_MS / 1000} s after the last call, the same again having gone before; ${failed} failed`,
  };
}
