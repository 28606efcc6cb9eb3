import type { HistoryEntry } from '../support/sip-history.ts';
import { Oracle } from '../support/oracle.ts';
import type { Phone } from '../support/phone.ts';
import { byEngines } from './engines.ts';
import { markedVoice, markOf, type Slot } from './marked-voice.ts';
import type { Effort, Row } from './measurement.ts';
import { Stage, type Trio } from './stage.ts';
import { median, quantile, quantiles } from './statistics.ts';

const TARGET_MS = byEngines({ median: 60, p95: 100 }, { median: 125, p95: 150 });
/** Frames that a party may lose when it is moved into the conference; nobody may lose one on the way back. */
const TARGET_LOST = byEngines({ median: 0, p95: 1 }, { median: 2, p95: 2 });
const SLOTS = { customer: 0, agent: 1, supervisor: 2 } as const;
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
  const voices = {
    customer: markedVoice('customer', SLOTS.customer),
    agent: markedVoice('agent', SLOTS.agent),
    supervisor: markedVoice('supervisor', SLOTS.supervisor),
  };
  await using stage = await Stage.open(1, voices);
  const [trio] = stage.trios;
  if (trio === undefined) throw new Error('nobody is on the stage');
  const wanted = quick ? 6 : byEngines(50, 40);
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
  const atCustomer = lossOf(customer, agent, SLOTS.agent);
  const atAgent = lossOf(agent, customer, SLOTS.customer);
  const anchored = (lost: Loss) => visits.map(({ asked, heard }) => lost(asked, heard));
  const released = (lost: Loss) => visits.map((visit) => lost(visit.cancelled, visit.released));
  const row = (what: string, frames: readonly number[], target: typeof TARGET_LOST, peers: string): Row => ({
    what: `frames lost at ${what}, median / p95 / most`,
    measured: quantiles(frames, [0.5, 0.95, 1], '', 0).trimEnd(),
    target: target.median === target.p95 ? `≤ ${target.p95}` : `${target.median} / ≤ ${target.p95}`,
    peers,
    ok: median(frames) <= target.median && Math.ceil(quantile(frames, 0.95)) <= target.p95,
    note: `in ${frames.length} visits so many frames were lost, and so often: ${histogram(frames)}`,
  });
  const none = { median: 0, p95: 0 };
  const leaks = oracle.leaks('customer', 'supervisor').length;
  return [
    row('anchoring, customer', anchored(atCustomer), TARGET_LOST, 'ChanSpy 0, eavesdrop 2, FS conference 4 / 5'),
    row('anchoring, agent', anchored(atAgent), TARGET_LOST, 'ChanSpy 0, eavesdrop 0, FS conference 3 / 4'),
    row('release, customer', released(atCustomer), none, 'all 0, FS conference 0 / 1'),
    row('release, agent', released(atAgent), none, 'all 0, FS conference 0 / 1'),
    {
      what: 'frames of the supervisor at the customer',
      measured: String(leaks),
      target: '0',
      peers: 'eavesdrop and ChanSpy 0, FS conference leaks unless left in silence',
      ok: leaks === 0,
    },
  ];
}

/** How many frames that were said between these times, and some before and after, were never heard. */
type Loss = (from: number, to: number) => number;

/** By the numbers of the frames: whatever path they took, and be it two at once, what arrived is not lost. */
function lossOf(listener: Phone, speaker: Phone, slot: Slot): Loss {
  const heard = new Set(listener.frames().map(({ samples }) => markOf(samples, slot)));
  return (from, to) =>
    speaker.sent.filter(
      ({ at, position }) =>
        at >= from - MARGIN_MS && at < to + MARGIN_MS && !heard.has(Math.floor(position / 160) & 0xffff),
    ).length;
}

/** `0: 45, 1: 5` */
function histogram(numbers: readonly number[]): string {
  const values = [...new Set(numbers)].sort((a, b) => a - b);
  return values.map((value) => `${value}: ${numbers.filter((each) => each === value).length}`).join(', ');
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
