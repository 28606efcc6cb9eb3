import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NotificationClient } from '../contract/cometd/client.ts';
import { EventSocketProxy, type Fault } from '../contract/media/event-socket-proxy.ts';
import { type Engines, startEngines } from '../contract/media/engines.ts';
import { Lab, type Trio } from '../support/lab.ts';
import { nothingIsLeft } from '../support/leftovers.ts';

/** The laboratory with somebody between Earpiece and the media server who makes it answer wrongly. */
describe('when isolation cannot be proved', () => {
  let engines: Engines;
  let proxy: EventSocketProxy;
  let lab: Lab;
  let trio: Trio;

  beforeEach(async () => {
    engines = await startEngines();
    proxy = await EventSocketProxy.listen(engines.freeswitch);
    const { password } = engines.freeswitch;
    lab = await Lab.start({
      media: { engine: 'freeswitch', freeswitch: [{ host: '127.0.0.1', port: proxy.port, password }] },
    });
    trio = await lab.trio();
  });
  afterEach(async () => {
    await lab.close();
    await proxy[Symbol.asyncDispose]();
    await engines[Symbol.asyncDispose]();
  });

  it.each<[string, RegExp, Fault]>([
    ['relate is answered with an error', /relate \d+ \d+ nospeak/, { reply: '-ERR internal error\n' }],
    [
      'relate says +OK, and the list does not know of it',
      /relate \d+ \d+ nospeak/,
      { reply: (command) => command.replace(/.*relate (\d+) (\d+).*/s, '+OK $1->$2 nospeak set\n') },
    ],
    ['relate is never answered', /relate \d+ \d+ nospeak/, 'hang'],
    ['ears do not open', /undeaf \d+/, { reply: '-ERR no such member\n' }],
    ['the mouth does not open', /unmute \d+/, { reply: '-ERR no such member\n' }],
  ])('%s: the supervisor is out, the customer heard nothing, the supervisor is told', async (_name, command, fault) => {
    const call = await lab.call(trio);
    await using client = await NotificationClient.connect(lab.app.httpUrl, 'supervisor');
    proxy.fail(command, fault);
    await lab.coach();
    const leg = await trio.supervisor.incoming();
    expect(await leg.ended()).toMatchObject({ kind: 'hung-up', by: 'peer' });
    expect(lab.count('supervision.active')).toBe(0);
    proxy.heal();
    expect((await lab.event('supervision.ended')).supervision.state).toMatchObject({ end: { outcome: 'failed' } });
    const told = await client.told('/v2/me/devices', ({ statusCode }) => statusCode !== undefined);
    expect(told.data).toMatchObject({ messageType: 'DeviceStateChangeMessage', statusCode: 4 });
    const { customer, agent } = trio;
    await Promise.all([
      customer.probe.hears(agent.voice, { frames: 10 }),
      agent.probe.hears(customer.voice, { frames: 10 }),
    ]);
    expect(call.state).toBe('established');
    trio.oracle.assertNeverHeard('customer', 'supervisor');
  });

  it('the connection to the media server is lost: the two hear each other again, the supervisor comes in by another', async () => {
    const call = await lab.call(trio);
    await lab.coach();
    await trio.agent.probe.hears(trio.supervisor.voice);
    await lab.event('supervision.active');
    proxy.cut();
    await lab.event('room.lost');
    await lab.event('supervision.resumed');
    const { customer, agent, supervisor } = trio;
    await Promise.all([
      customer.probe.hears(agent.voice, { frames: 25 }),
      agent.probe.hears([customer.voice, supervisor.voice], { frames: 25 }),
    ]);
    expect(supervisor.calls).toHaveLength(1);
    expect(call.state).toBe('established');
    trio.oracle.assertNeverHeard('customer', 'supervisor');
    await call.hangUp();
    await nothingIsLeft(lab);
  });
});
