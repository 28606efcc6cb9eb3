import type { HistoryEntry } from '../support/sip-history.ts';
import { Oracle } from '../support/oracle.ts';
import { tone } from '../support/tone.ts';
import type { Effort, Row } from './measurement.ts';
import { Stage, type Trio } from './stage.ts';
import { median, quantile, quantiles } from './statistics.ts';

const TARGET_MS = { median: 60, p95: 100 };
/** How much of the conversation before and after a change is looked at for what was lost, ms. */
const MARGIN_MS = 350;
/** Frames between two changes, so that the margins do not meet. */
const BETWEEN = 40;

/** One supervisor in and out of a call that is up. Times are performance.now(), ms. */
interface Visit {
  readonly asked: number;
  readonly accepted: number;
  readonly heard: number;
  readonly settled: number;
  readonly cancelled: number;
  readonly released: number;
}

export async function measureCoaching({ quick, progress }: Effort): Promise<readonly Row[]> {
  const voices = { customer: tone('customer'), agent: tone('agent'), supervisor: tone('supervisor') };
  await using stage = await Stage.open(1, voices);
  const [trio] = stage.trios;
  if (trio === undefined) throw new Error('nobody is on the stage');
  const wanted = quick ? 6 : 50;
  progress(`${wanted} times a supervisor comes into a call and leaves it`);
  const call = await stage.call(trio);
  const visits: Visit[] = [];
  for (let n = 0; n < wanted; n++) visits.push(await visit(stage, trio));
  await call.hangUp();
  return [...joinRows(trio, visits), ...lossRows(trio, visits)];
}

async function visit(stage: Stage, trio: Trio): Promise<Visit> {
  const { agent, customer, supervisor } = trio;
  const released = customer.history.entries.length;
  const heard = agent.probe.hears(supervisor.voice);
  const asked = performance.now();
  await stage.coach(trio);
  const accepted = performance.now();
  const { at } = await heard;
  const settled = (await agent.probe.receives(BETWEEN)).at;
  const cancelled = performance.now();
  await stage.cancel(trio);
  await agent.probe.hearsNo(supervisor.voice);
  // The last word to the customer is the ACK that gives it the direct media back.
  while (reinvites(customer.history.entries.slice(released)) < 2) await agent.probe.receives(1);
  const done = performance.now();
  await agent.probe.receives(BETWEEN);
  return { asked, accepted, heard: at, settled, cancelled, released: done };
}

function joinRows({ agent, supervisor }: Trio, visits: readonly Visit[]): Row[] {
  const times = visits.map(({ accepted, heard }) => heard - accepted);
  const fromAsking = visits.map(({ asked, heard }) => heard - asked);
  const steps = (name: string, of: (visit: Visit) => number | undefined) => {
    const known = visits.flatMap((each) => {
      const at = of(each);
      return at === undefined ? [] : [at - each.asked];
    });
    return `${name} ${median(known).toFixed(0)}`;
  };
  const dialled = ({ asked }: Visit) => firstAfter(supervisor.history.entries, asked, 'received', 'INVITE');
  const moved = ({ asked }: Visit) => firstAfter(agent.history.entries, asked, 'received', 'INVITE');
  const timeline = [
    steps('the API answers', (each) => each.accepted),
    steps("the supervisor's phone rings and answers", dialled),
    steps("the agent's phone is moved", moved),
    steps('first frame', (each) => each.heard),
  ].join(', ');
  return [
    {
      what: 'Coach accepted → first whispered frame, median / p95',
      measured: quantiles(times, [0.5, 0.95], 'ms', 0),
      target: `≤ ${TARGET_MS.median} / ${TARGET_MS.p95} ms`,
      peers: 'eavesdrop 69 / 80, ChanSpy 122 / 136, FS conference 125 / 145',
      ok: median(times) <= TARGET_MS.median && quantile(times, 0.95) <= TARGET_MS.p95,
      note: `${visits.length} times; medians in ms since the request: ${timeline}; the very first, cold: ${times[0]?.toFixed(0)} ms`,
    },
    {
      what: 'Coach asked → first whispered frame, median / p95',
      measured: quantiles(fromAsking, [0.5, 0.95], 'ms', 0),
      target: '–',
      peers: 'the peers’ numbers begin with the command',
    },
  ];
}

function lossRows({ customer, agent, supervisor }: Trio, visits: readonly Visit[]): Row[] {
  const all = [customer, agent, supervisor];
  const oracle = new Oracle(all, all);
  const lost = (listener: string, speaker: string, from: (visit: Visit) => number, to: (visit: Visit) => number) =>
    visits.map((each) => oracle.lost(listener, speaker, from(each) - MARGIN_MS, to(each) + MARGIN_MS).lost);
  const anchored = (listener: string, speaker: string) =>
    lost(
      listener,
      speaker,
      (v) => v.asked,
      (v) => v.heard,
    );
  const released = (listener: string, speaker: string) =>
    lost(
      listener,
      speaker,
      (v) => v.cancelled,
      (v) => v.released,
    );
  const row = (what: string, frames: readonly number[], p95: number, peers: string): Row => ({
    what: `frames lost at ${what}, median / p95 / most`,
    measured: quantiles(frames, [0.5, 0.95, 1], '', 0).trimEnd(),
    target: p95 === 0 ? '0' : `0 / ≤ ${p95}`,
    peers,
    ok: median(frames) === 0 && Math.ceil(quantile(frames, 0.95)) <= p95,
  });
  const leaks = oracle.leaks('customer', 'supervisor').length;
  return [
    row('anchoring, customer', anchored('customer', 'agent'), 1, 'ChanSpy 0, eavesdrop 2, FS conference 4 / 5'),
    row('anchoring, agent', anchored('agent', 'customer'), 1, 'ChanSpy 0, eavesdrop 0, FS conference 3 / 4'),
    row('release, customer', released('customer', 'agent'), 0, 'all 0, FS conference 0 / 1'),
    row('release, agent', released('agent', 'customer'), 0, 'all 0, FS conference 0 / 1'),
    {
      what: 'frames of the supervisor at the customer',
      measured: String(leaks),
      target: '0',
      peers: 'eavesdrop and ChanSpy 0, FS conference leaks unless left in silence',
      ok: leaks === 0,
    },
  ];
}

const startLine = ({ text }: HistoryEntry): string => text.split('\r\n', 1)[0] ?? '';

function firstAfter(
  entries: readonly HistoryEntry[],
  from: number,
  direction: HistoryEntry['direction'],
  method: string,
): number | undefined {
  return entries.find(
    (entry) => entry.at >= from && entry.direction === direction && startLine(entry).startsWith(`${method} `),
  )?.at;
}

/** Re-INVITEs that were answered and acknowledged. */
const reinvites = (entries: readonly HistoryEntry[]): number =>
  entries.filter((entry) => entry.direction === 'received' && startLine(entry).startsWith('ACK ')).length;
