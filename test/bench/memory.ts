import { randomUUID } from 'node:crypto';
import { setTimeout as after } from 'node:timers/promises';
import { Sipp, type SippOptions } from '../support/sipp.ts';
import type { Effort, Row } from './measurement.ts';
import { cpuTime, udpSockets } from './procfs.ts';
import { type Memory, Product } from './product.ts';

const AGENT = '6000';
const TARGET = { idleMb: 150, callKb: 60 };
const HELD = 500;
/** Longest timer of SIP transactions over UDP (Timers D, H, J of RFC 3261 table 4), and some, ms. */
const FORGOTTEN_MS = 35_000;
/** What RSS may seem to grow without a leak: the heap keeps pages that it needed at its busiest. */
const SLACK_MB = 10;

const mb = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MB`;

/** Memory after garbage collections: idle, with calls that nobody coaches, and after many calls. */
export async function measureMemory({ quick, progress }: Effort): Promise<readonly Row[]> {
  const many = quick ? 2000 : 10_000;
  await using callee = await Sipp.start('uas', { calls: 1_000_000, timeoutSeconds: 600 });
  const address = `sip:${AGENT}@${callee.address}:${callee.port}`;
  await using product = await Product.start([
    { id: randomUUID(), phoneNumber: AGENT, owner: 'agent1', address, autoAnswer: false },
  ]);
  const calls = (options: SippOptions) =>
    Sipp.start('uac-load', { remote: product.sip, user: AGENT, timeoutSeconds: 120, ...options });

  progress('idle');
  const fresh = await product.memory();
  // Code that has never run is not loaded yet.
  await (await calls({ calls: 500, rate: 250, holdMs: 100 })).finished;
  const [idle, sockets] = [await product.memory(), await udpSockets(product.pid)];

  progress(`${HELD} calls that nobody coaches`);
  const up = HELD / 100;
  const waiting = quick ? 2000 : 5000;
  const holding = await calls({ calls: HELD, rate: 100, holdMs: up * 1000 + waiting + 4000 });
  await after(up * 1000 + 1000);
  const cpu = await cpuTime(product.pid);
  await after(waiting);
  const costs = (await cpuTime(product.pid)) - cpu;
  const held = await product.memory();
  const opened = (await udpSockets(product.pid)) - sockets;
  const { failed } = await holding.finished;

  progress(`${many} calls`);
  const before = await product.memory();
  const run = await (await calls({ calls: many, rate: 300, holdMs: 100 })).finished;
  if (!quick) await after(FORGOTTEN_MS);
  const end = await product.memory();
  return [
    {
      what: 'idle memory (RSS)',
      measured: mb(fresh.rss),
      target: `≤ ${TARGET.idleMb} MB`,
      peers: '–',
      ok: fresh.rss <= TARGET.idleMb * 2 ** 20,
      note: `heap ${mb(fresh.heapUsed)}; after the first 500 calls RSS ${mb(idle.rss)}, heap ${mb(idle.heapUsed)}`,
    },
    callRow(idle, held, failed),
    {
      what: `${HELD} uncoached calls: UDP sockets opened; CPU`,
      measured: `${opened}; ${((costs / waiting) * 100).toFixed(1)} % of a core`,
      target: '0',
      peers: 'Asterisk direct media 0.01–0.04 % each, FS bridge 0.47 %',
      ok: opened === 0,
      note: 'media flow between the parties: no RTP port, no channel, no packet; the CPU is that of timers and collections',
    },
    growthRow(before, end, many, run.failed, quick),
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
    ok: rss <= SLACK_MB * 2 ** 20 && heap <= (SLACK_MB / 10) * 2 ** 20 && failed === 0,
    note: quick
      ? 'right after the last call, while its transactions (32 s) are still remembered: the whole bench waits for those'
      : `${FORGOTTEN_MS / 1000} s after the last call; ${failed} failed`,
  };
}
