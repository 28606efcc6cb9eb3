import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NotificationClient } from '../contract/cometd/client.ts';
import { Child } from '../support/child.ts';
import { AGENT, type Changes, Lab, labConfig, onRealEngines, SUPERVISOR } from '../support/lab.ts';
import { Oracle } from '../support/oracle.ts';
import { Phone } from '../support/phone.ts';
import { redisInstalled, RedisServer } from '../support/redis-server.ts';
import { tone } from '../support/tone.ts';
import { Watch } from '../support/watch.ts';

const OTHER_SUPERVISOR = { id: 'b1e7d3c0-other-supervisor', userName: 'supervisor2', phoneNumber: '5006' };

const sharing = (redis: RedisServer): Changes => {
  const lab = labConfig();
  const [supervisor] = lab.users.filter(({ userName }) => userName === 'supervisor');
  if (supervisor === undefined) throw new Error('the laboratory has no supervisor');
  const { id, userName, phoneNumber } = OTHER_SUPERVISOR;
  return {
    store: { ...lab.store, kind: 'redis', redis: { url: redis.url, prefix: 'lab:' } },
    users: [...lab.users, { ...supervisor, id: `user of ${id}`, userName }],
    devices: [
      ...lab.devices,
      { id, phoneNumber, owner: userName, sip: { userName: phoneNumber, password: 'earpiece' }, autoAnswer: false },
    ],
  };
};

/** Each with SIP and media of its own; a Redis between them. */
describe.skipIf(!redisInstalled || onRealEngines)('two instances', () => {
  let redis: RedisServer;
  let here: Lab;
  let there: Lab;
  beforeEach(async () => {
    redis = await RedisServer.start();
    [here, there] = await Promise.all([Lab.start(sharing(redis)), Lab.start(sharing(redis))]);
  });
  afterEach(async () => {
    await Promise.all([here, there].map((lab) => lab.close()));
    await redis[Symbol.asyncDispose]();
  });

  /** Customer and agent talk there, the supervisor's phone is registered here. */
  async function trioApart() {
    const supervisor = await here.phone('supervisor', '5005');
    const customer = await there.phone('customer');
    const agent = await there.phone('agent', '5001');
    const all = [customer, agent, supervisor];
    return { customer, agent, supervisor, oracle: new Oracle(all, all) };
  }

  it('Coach here, the call there: the agent hears the supervisor, the customer does not, clients here are told', async () => {
    const trio = await trioApart();
    const { customer, agent, supervisor, oracle } = trio;
    await using client = await NotificationClient.connect(here.app.httpUrl, 'supervisor');
    await using agentsClient = await NotificationClient.connect(here.app.httpUrl, 'agent1');
    const call = await there.call(trio);
    await agentsClient.told('/v2/me/calls');
    await here.coach();
    await agent.probe.hears([supervisor.voice, customer.voice]);
    await supervisor.probe.hears([agent.voice, customer.voice]);
    await customer.probe.hears(agent.voice, { frames: 25 });
    const states = (wanted: string) =>
      client.told('/v2/me/calls', (told) => (told['call'] as { state: string }).state === wanted);
    await states('Ringing');
    await states('Established');
    await agentsClient.told(
      '/v2/me/calls',
      (told) => (told['call'] as { supervisorListeningIn: boolean }).supervisorListeningIn,
    );
    expect(here.count('supervision.active') + here.count('call.established')).toBe(0);

    await here.cancel();
    await there.event('supervision.ended');
    await states('Released');
    await customer.probe.hears(agent.voice, { frames: 10 });
    expect(call.state).toBe('established');
    expect(there.app.switchboard.device(SUPERVISOR).monitoring).toBeUndefined();
    await call.hangUp();
    await agentsClient.told('/v2/me/calls', (told) => (told['call'] as { state: string }).state === 'Released');
    oracle.assertNeverHeard('customer', 'supervisor');
  });

  it('Coach here first, then a call there: the supervisor is rung', async () => {
    const trio = await trioApart();
    await here.coach();
    const call = await there.call(trio);
    await trio.agent.probe.hears(trio.supervisor.voice);
    await trio.customer.probe.hears(trio.agent.voice, { frames: 25 });
    await call.hangUp();
    await there.event('supervision.ended');
    trio.oracle.assertNeverHeard('customer', 'supervisor');
  });

  it('what is heard is changed, and shown, from either side', async () => {
    const trio = await trioApart();
    await there.call(trio);
    await there.coach();
    await trio.agent.probe.hears(trio.supervisor.voice);
    await here.api().operate(SUPERVISOR, 'ListenIn', { targetDeviceUri: here.api().deviceUri(AGENT) });
    await there.event('supervision.switched');
    for (const lab of [here, there]) {
      const { body } = await lab.api().ask('GET', `/api/v2/devices/${SUPERVISOR}`);
      expect(body).toMatchObject({ device: { supervisorMonitoringState: { state: 'ListenIn' } } });
    }
    trio.oracle.assertNeverHeard('customer', 'supervisor');
  });

  it('one of two supervisors who ask at the same time at different instances gets the agent', async () => {
    for (let round = 0; round < 10; round++) {
      const ask = (lab: Lab, userName: string, deviceId: string) =>
        lab.api(userName).operate(deviceId, 'Coach', { targetDeviceUri: lab.api().deviceUri(AGENT) });
      const [first, second] = round % 2 === 0 ? [here, there] : [there, here];
      const both = await Promise.allSettled([
        ask(first, 'supervisor', SUPERVISOR),
        ask(second, OTHER_SUPERVISOR.userName, OTHER_SUPERVISOR.id),
      ]);
      expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      const refused = both.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
      expect(String(refused.reason)).toContain('409 {"statusCode":19');
      const winner =
        both[0].status === 'fulfilled' ? ['supervisor', SUPERVISOR] : [OTHER_SUPERVISOR.userName, OTHER_SUPERVISOR.id];
      await second.api(winner[0]).operate(winner[1] ?? '', 'CancelSupervisorMonitoring');
    }
  });

  it('a supervisor that stayed in a call there, and coaches again here, goes on in it', async () => {
    const trio = await trioApart();
    await there.call(trio);
    await there.api().operate(SUPERVISOR, 'ListenIn', { targetDeviceUri: there.api().deviceUri(AGENT) });
    await trio.supervisor.probe.hears(trio.agent.voice);
    await here.cancel({ leaveCall: false });
    await here.coach();
    await trio.agent.probe.hears(trio.supervisor.voice);
    expect(there.count('supervision.alerting')).toBe(1);
    trio.oracle.assertNeverHeard('customer', 'supervisor');
  });

  it('while Redis is away calls go on and Coach says that it is unavailable; when it is back, it works again', async () => {
    const trio = await trioApart();
    const call = await there.call(trio);
    await redis.kill();
    await expect(here.coach()).rejects.toThrow(/^Coach: 50[03] \{"statusCode":4/);
    await trio.customer.probe.hears(trio.agent.voice, { frames: 10 });
    await call.hangUp();
    const next = await there.call(trio);
    await redis.begin();
    await Promise.all([here, there].map((lab) => upAgain(lab)));
    await here.coach();
    await trio.agent.probe.hears(trio.supervisor.voice);
    await trio.customer.probe.hears(trio.agent.voice, { frames: 25 });
    await next.hangUp();
    await there.event('supervision.ended');
    trio.oracle.assertNeverHeard('customer', 'supervisor');
  });
});

/** Resolves when the instance has the store back. */
function upAgain({ app: { store } }: Lab): Promise<void> {
  if (store.status().is === 'up') return Promise.resolve();
  return new Promise((resolve) => store.siblings.follow({ lost: () => Promise.resolve(), reunited: resolve }));
}

const root = fileURLToPath(new URL('../../', import.meta.url));

/** An instance in a process of its own. */
class Neighbour implements AsyncDisposable {
  readonly sip: { protocol: 'udp'; address: string; port: number };
  readonly #child: Child;

  private constructor(child: Child, address: string, port: string) {
    this.#child = child;
    this.sip = { protocol: 'udp', address, port: Number(port) };
  }

  static async start(redis: RedisServer): Promise<Neighbour> {
    const words = ['--import', 'tsx', join(root, 'src/main.ts'), 'start', '--config', join(root, 'src/lab.yaml')];
    const child = new Child(process.execPath, words, root, {
      EARPIECE_HTTP_PORT: '0',
      EARPIECE_SIP_PORT: '0',
      EARPIECE_STORE_KIND: 'redis',
      EARPIECE_REDIS_URL: redis.url,
      EARPIECE_REDIS_PREFIX: 'lab:',
    });
    const watch = new Watch();
    child.process.stdout?.on('data', () => watch.touch());
    const ready = () => /"sip":"([\d.]+):(\d+)".*earpiece is ready/.exec(child.output) ?? undefined;
    const [, address = '', port = ''] = await watch.until('it to be ready', ready, () => child.output);
    return new Neighbour(child, address, port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.end('SIGKILL');
  }
}

describe.skipIf(!redisInstalled || onRealEngines)('an instance that is killed in the middle of a coached call', () => {
  it('its supervisor is free again and told so, and is brought into the next call by another instance', async () => {
    await using redis = await RedisServer.start();
    await using lab = await Lab.start(sharing(redis));
    await using neighbour = await Neighbour.start(redis);
    const { sip } = neighbour;
    await using client = await NotificationClient.connect(lab.app.httpUrl, 'supervisor');
    const supervisor = await lab.phone('supervisor', '5005');
    await using customer = await Phone.open({ name: 'customer', voice: tone('customer'), proxy: sip });
    const agent = await lab.phone('agent', '5001');
    await customer.call(`sip:5001@${sip.address}:${sip.port}`).established();
    await lab.coach({ supervisorMonitoringMode: 'NextCall' });
    await agent.probe.hears(supervisor.voice);
    await neighbour[Symbol.asyncDispose]();
    const { supervision } = await lab.event('supervision.ended');
    expect(supervision).toMatchObject({ supervisorDeviceId: SUPERVISOR, state: { end: { code: 'unavailable' } } });
    await client.told('/v2/me/calls', (told) => (told['call'] as { state: string }).state === 'Released');
    await client.told('/v2/me/devices', (told) => told['statusCode'] === 4);
    await lab.event('call.ended');
    expect(lab.app.switchboard.device(SUPERVISOR).monitoring).toMatchObject({ mode: 'NextCall' });
    // Their peer is gone: nobody answers this.
    await Promise.allSettled([agent, supervisor].flatMap(({ calls }) => calls.map((call) => call.hangUp())));

    const next = await lab.phone('customer');
    const call = next.call(lab.uriOf('5001'));
    await call.established();
    await agent.probe.hears(supervisor.voice);
    await call.hangUp();
  });
});
