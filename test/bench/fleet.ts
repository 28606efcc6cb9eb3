import { setTimeout as after } from 'node:timers/promises';
import { z } from 'zod';
import { mediaOf, MediaServerProcess, mediaServersAre } from '../support/media-server-process.ts';
import type { OutgoingCall } from '../support/outgoing-call.ts';
import { Oracle } from '../support/oracle.ts';
import type { Phone } from '../support/phone.ts';
import { tone } from '../support/tone.ts';
import type { Effort, Row } from './measurement.ts';
import { Stage, type Trio } from './stage.ts';
import { quantile, quantiles } from './statistics.ts';

/** Coached calls that each blow falls upon. */
const CALLS = 5;
const TARGET_MS = 2000;
/** How much of a conversation around a blow is looked at, ms. */
const [BEFORE, AFTER] = [300, 6000];
const LOOK_MS = 50;

interface Blow {
  readonly how: 'kill -9' | 'SIGSTOP';
  /** performance.now() */
  readonly at: number;
}

const health = z.object({ media: z.array(z.object({ id: z.string(), state: z.string(), rooms: z.number() })) });

/**
 * What a media server that dies costs coached calls: two servers, each a process of its own (real ones where
 * EARPIECE_FREESWITCH_COMMAND says how to start one); the one with the calls is killed or frozen, again and again.
 */
export async function measureFleet({ quick, progress }: Effort): Promise<readonly Row[]> {
  const fleet = await Promise.all([MediaServerProcess.start(), MediaServerProcess.start()]);
  try {
    const voices = { customer: tone('customer'), agent: tone('agent'), supervisor: tone('supervisor') };
    await using stage = await Stage.open(CALLS, voices, { media: mediaOf(fleet) });
    const calls = await Promise.all(stage.trios.map((trio) => stage.call(trio)));
    for (const trio of stage.trios) {
      const heard = trio.agent.probe.hears(trio.supervisor.voice);
      await stage.coach(trio);
      await heard;
    }
    // The first brings all calls to one server, where the others find them.
    await strike(stage, fleet, 'kill -9');
    const blows: Blow[] = [];
    const plan = [...times(quick ? 2 : 20, 'kill -9'), ...times(quick ? 1 : 5, 'SIGSTOP')];
    for (const [n, how] of plan.entries()) {
      if (n % 5 === 0) progress(`${how}; ${n} of ${plan.length} blows so far, each on ${CALLS} coached calls`);
      blows.push(await strike(stage, fleet, how));
    }
    return rows(stage.trios, calls, blows);
  } finally {
    await Promise.all(fleet.map((server) => server[Symbol.asyncDispose]()));
  }
}

const times = (count: number, how: Blow['how']) => Array<Blow['how']>(count).fill(how);

async function strike(stage: Stage, fleet: readonly MediaServerProcess[], how: Blow['how']): Promise<Blow> {
  const { id } = (await allUp(stage)).reduce((most, each) => (each.rooms > most.rooms ? each : most));
  const server = fleet.find(({ address }) => address.id === id);
  if (server === undefined) throw new Error(`there is no server ${id}`);
  const at = performance.now();
  if (how === 'SIGSTOP') server.freeze();
  else await server.kill();
  await after(AFTER - (performance.now() - at));
  await server.revive();
  return { how, at };
}

async function allUp(stage: Stage) {
  for (;;) {
    const { media } = health.parse(await (await fetch(`${stage.product.httpUrl}/health`)).json());
    if (media.every(({ state }) => state === 'up')) return media;
    await after(LOOK_MS);
  }
}

function rows(trios: readonly Trio[], calls: readonly OutgoingCall[], blows: readonly Blow[]): Row[] {
  const lost = calls.filter(({ state }) => state !== 'established').length;
  const leaks = trios.map((trio) => {
    const all = [trio.customer, trio.agent, trio.supervisor];
    return new Oracle(all, all).leaks('customer', 'supervisor').length;
  });
  const talks = trios.flatMap(({ customer, agent }) => [pauses(customer, agent), pauses(agent, customer)]);
  const whispers = trios.map(({ agent, supervisor }) => pauses(agent, supervisor));
  const row = (how: Blow['how'], what: string): Row => {
    const moments = blows.filter((blow) => blow.how === how).map(({ at }) => at);
    const [silences, back] = [talks, whispers].map((each) => each.flatMap((longest) => moments.map(longest)));
    return {
      what: `silence when ${what}, median / p95 / longest`,
      measured: quantiles(silences ?? [], [0.5, 0.95, 1], 'ms', 0),
      target: `≤ ${TARGET_MS} ms`,
      peers: '–',
      ok: quantile(silences ?? [], 1) <= TARGET_MS,
      note: `${moments.length} times ${trios.length} coached calls on ${mediaServersAre}; the supervisors are back after ${quantiles(back ?? [], [0.5, 1], 'ms', 0)} (median / last)`,
    };
  };
  return [
    row('kill -9', 'a media server is killed'),
    row('SIGSTOP', 'a media server freezes'),
    {
      what: 'calls lost with their media server',
      measured: `${lost} of ${blows.length * trios.length} tries`,
      target: '0',
      peers: '–',
      ok: lost === 0,
    },
    {
      what: 'frames of the supervisor at the customer meanwhile',
      measured: String(leaks.reduce((sum, each) => sum + each, 0)),
      target: '0',
      peers: '–',
      ok: leaks.every((each) => each === 0),
    },
  ];
}

/** The longest time around a moment in which a listener did not hear the other, ms; a frame is 20 ms of hearing. */
function pauses(listener: Phone, speaker: Phone): (at: number) => number {
  const heard = listener
    .frames()
    .filter(({ samples }) => speaker.voice.heardIn(samples))
    .map(({ at }) => at);
  return (moment) => {
    const around = heard.filter((at) => at > moment - BEFORE && at < moment + AFTER);
    const gaps = around.slice(1).map((at, n) => at - (around[n] ?? at) - 20);
    return around.length < 2 ? AFTER : Math.max(0, ...gaps, moment + AFTER - (around.at(-1) ?? 0) - 40);
  };
}
