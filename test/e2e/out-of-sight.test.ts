import { describe, expect, it } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { type Changes, Lab, labConfig, onRealEngines } from '../support/lab.ts';
import { Oracle } from '../support/oracle.ts';
import { redisInstalled, RedisServer } from '../support/redis-server.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';

describe.skipIf(!redisInstalled || onRealEngines)('an instance that lives, but does not reach Redis', () => {
  it('keeps its coached call and its supervisor, and is one of them again when it is back', async () => {
    await using redis = await RedisServer.start();
    await using toRedis = await TcpProxy.to(redis.port);
    const httpPort = await freePort();
    await using toSibling = await TcpProxy.to(httpPort);
    const { store, http } = labConfig();
    const sharing = (url: string, siblingUrl?: string): Changes => ({
      store: { ...store, kind: 'redis', redis: { url, prefix: 'lab:', siblingUrl } },
    });
    await using here = await Lab.start(sharing(redis.url));
    await using there = await Lab.start({
      ...sharing(`redis://127.0.0.1:${toRedis.port}`, `http://127.0.0.1:${toSibling.port}`),
      http: { ...http, port: httpPort },
    });
    const supervisor = await here.phone('supervisor', '5005');
    const customer = await there.phone('customer');
    const agent = await there.phone('agent', '5001');
    const all = [customer, agent, supervisor];
    const oracle = new Oracle(all, all);
    const call = await there.call({ customer, agent });
    await here.coach();
    await agent.probe.hears([supervisor.voice, customer.voice]);

    const asked = toSibling.used(2);
    toRedis.cut();
    // The first answer is good for as long as a heartbeat.
    await asked;
    await agent.probe.hears([supervisor.voice, customer.voice], { frames: 25 });
    await supervisor.probe.hears([agent.voice, customer.voice], { frames: 25 });
    for (const lab of [here, there]) expect(lab.count('supervision.ended') + lab.count('call.ended')).toBe(0);
    expect(call.state).toBe('established');

    const back = new Promise<void>((resolve) => {
      there.app.store.siblings.follow({ lost: () => Promise.resolve(), reunited: resolve });
    });
    toRedis.mend();
    await back;
    await here.cancel();
    await there.event('supervision.ended');
    expect(there.count('supervision.alerting')).toBe(1);
    await customer.probe.hears(agent.voice, { frames: 10 });
    await call.hangUp();
    oracle.assertNeverHeard('customer', 'supervisor');
  });
});
