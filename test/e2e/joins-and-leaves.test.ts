import { describe, expect, it } from 'vitest';
import { Lab } from '../support/lab.ts';
import { nothingIsLeft } from '../support/leftovers.ts';
import { Oracle } from '../support/oracle.ts';
import { type Random, seededRandom } from '../support/random.ts';
import { type Team, teams } from '../support/teams.ts';

const TEAMS = 4;
const CYCLES = Number(process.env['EARPIECE_CYCLES'] ?? 200) / TEAMS;
const SEED = Number(process.env['EARPIECE_SEED'] ?? Date.now() % 1_000_000);

/** How a cycle ends. `early`: before the supervisor was known to be in. */
const WAYS = [
  'supervisor',
  'cancel',
  'agent',
  'customer',
  'early cancel',
  'early supervisor',
  'early customer',
] as const;

describe(`${CYCLES * TEAMS} joins and leaves in random order and timing (EARPIECE_SEED=${SEED})`, () => {
  it('let the customer hear not one frame of the supervisor', { timeout: 600_000 }, async () => {
    const { teams: all, changes } = teams(TEAMS);
    await using lab = await Lab.start(changes);
    const outcomes = await Promise.allSettled(all.map((team, n) => play(lab, team, seededRandom(SEED + n))));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    await nothingIsLeft(lab);
    const failed = lab.events.filter(
      (event) =>
        event.type === 'supervision.ended' &&
        event.supervision.state.is === 'ended' &&
        event.supervision.state.end.outcome === 'failed',
    );
    expect(failed).toEqual([]);
  });
});

/** One team: its customer calls, its supervisor comes and goes; calls that were ended are made anew. */
async function play(lab: Lab, team: Team, random: Random): Promise<void> {
  const customer = await lab.phone('customer');
  const agent = await lab.phone('agent', team.agent.number);
  const supervisor = await lab.phone('supervisor', team.supervisor.number);
  const oracle = new Oracle([customer, agent, supervisor], [customer, agent, supervisor]);
  const api = lab.api(team.supervisor.userName);
  const coach = () =>
    api.operate(team.supervisor.id, 'Coach', {
      targetDeviceUri: api.deviceUri(team.agent.id),
      supervisorMonitoringMode: 'NextCall',
    });
  let [call, sessions, heard] = [await lab.call({ customer, agent }, team.agent.number), 0, 0];
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    const way = WAYS[Math.floor(random() * WAYS.length)] ?? 'cancel';
    await coach();
    const leg = await supervisor.incoming();
    sessions++;
    if (!way.startsWith('early')) {
      await agent.probe.hears(supervisor.voice);
      heard++;
    }
    // Time is counted in packets: a random moment of the next 200 ms.
    await agent.probe.receives(1 + Math.floor(random() * (way.startsWith('early') ? 2 : 10)));
    const agentLeg = agent.calls.at(-1);
    if (way === 'agent') await agentLeg?.hangUp();
    else if (way.endsWith('customer')) await call.hangUp();
    else if (way.endsWith('cancel'))
      await api.ask('POST', `/api/v2/me/devices/${team.supervisor.id}`, {
        operationName: 'CancelSupervisorMonitoring',
      });
    else {
      await leg.established();
      await leg.hangUp();
    }
    await leg.ended();
    await ended(lab, team, sessions);
    if (call.state !== 'established' || way === 'agent') {
      await call.ended();
      await agentLeg?.ended();
      call = await lab.call({ customer, agent }, team.agent.number);
    }
  }
  expect(heard).toBeGreaterThan(0);
  await call.hangUp();
  oracle.assertNeverHeard('customer', 'supervisor');
  oracle.assertHeard('agent', 'supervisor', heard);
}

/** So many supervisions of this team are over, with all that they leave to be told. */
async function ended(lab: Lab, team: Team, count: number): Promise<void> {
  let skip = 0;
  for (let found = 0; found < count; skip++) {
    const { supervision } = await lab.event('supervision.ended', { skip });
    if (supervision.supervisorDeviceId === team.supervisor.id) found++;
  }
}
