import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AGENT, Lab, SUPERVISOR } from '../support/lab.ts';
import { NotificationClient } from '../contract/cometd/client.ts';

/** Nobody has said to be ready: the user state of whoever has just logged in. */
const NOT_READY = '900D55CC-2BB0-431F-8BF9-D3525B383BE6';

describe('coaching a call', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await Lab.start();
  });
  afterEach(() => lab.close());

  it('in progress: the agent hears the supervisor, the customer does not, the supervisor hears both', async () => {
    const trio = await lab.trio();
    const { customer, agent, supervisor, oracle } = trio;
    const call = await lab.call(trio);
    await lab.coach();
    await agent.probe.hears([supervisor.voice, customer.voice]);
    await supervisor.probe.hears([agent.voice, customer.voice]);
    await customer.probe.hears(agent.voice, { frames: 25 });
    await call.hangUp();
    await lab.event('supervision.ended');
    oracle.assertNeverHeard('customer', 'supervisor');
  });

  it('that comes later: the supervisor is armed first and rung when the agent has a call', async () => {
    const trio = await lab.trio();
    const { customer, agent, supervisor, oracle } = trio;
    await lab.coach();
    expect(supervisor.calls).toEqual([]);
    const call = await lab.call(trio);
    await agent.probe.hears([supervisor.voice, customer.voice]);
    await supervisor.probe.hears([agent.voice, customer.voice]);
    await customer.probe.hears(agent.voice, { frames: 25 });
    await call.hangUp();
    await lab.event('supervision.ended');
    oracle.assertNeverHeard('customer', 'supervisor');
  });

  it('AllCalls: the supervisor is in the next call too', async () => {
    const trio = await lab.trio();
    await lab.coach({ supervisorMonitoringMode: 'AllCalls' });
    for (const round of [0, 1]) {
      const call = await lab.call(trio);
      await trio.agent.probe.hears(trio.supervisor.voice);
      await call.hangUp();
      await lab.event('supervision.ended', { skip: round });
    }
    trio.oracle.assertNeverHeard('customer', 'supervisor');
    expect(lab.app.switchboard.device(SUPERVISOR).monitoring).toBeDefined();
  });

  it('NextCall: the supervisor is in one call and not in the next', async () => {
    const trio = await lab.trio();
    await lab.coach({ supervisorMonitoringMode: 'NextCall' });
    const first = await lab.call(trio);
    await trio.agent.probe.hears(trio.supervisor.voice);
    await first.hangUp();
    // The first change is the subscription, the second its end.
    expect(await lab.event('monitoring.changed', { skip: 1 })).toMatchObject({ monitoring: undefined });
    const second = await lab.call(trio);
    await second.hangUp();
    await lab.event('call.ended', { skip: 1 });
    expect(trio.supervisor.calls).toHaveLength(1);
  });

  it('asks the phone to answer by itself where its device says so', async () => {
    const trio = await lab.trio({ supervisor: { onIncoming: 'auto-answer' } });
    await lab.call(trio);
    await lab.coach();
    await trio.agent.probe.hears(trio.supervisor.voice);
    const leg = await trio.supervisor.incoming();
    expect(leg.autoAnswer).toMatchObject({ after: 0 });
  });

  it('is told to the supervisor by CometD, field by field, and taken back', async () => {
    const trio = await lab.trio();
    await lab.call(trio);
    await using client = await NotificationClient.connect(lab.app.httpUrl, 'supervisor');
    await lab.coach({ supervisorMonitoringScope: 'Agent', supervisorMonitoringMode: 'NextCall' });
    const uri = (path: string) => `${lab.app.httpUrl}/api/v2/${path}`;
    const armed = await client.told('/v2/me/devices');
    expect(armed.data).toEqual({
      messageType: 'DeviceStateChangeMessage',
      devices: [
        {
          id: SUPERVISOR,
          deviceState: 'Active',
          userState: { id: NOT_READY, displayName: 'Not Ready', state: 'NotReady' },
          phoneNumber: '5005',
          e164Number: '5005',
          telephonyNetwork: 'Private',
          doNotDisturb: 'Off',
          voiceEnvironmentUri: expect.stringContaining(uri('voice-environments/')) as unknown,
          capabilities: [
            'ForwardCallsOn',
            'DoNotDisturbOn',
            'ListenIn',
            'Coach',
            'BargeIn',
            'CancelSupervisorMonitoring',
          ],
          supervisorMonitoringState: {
            state: 'Coach',
            mode: 'NextCall',
            scope: 'Agent',
            targetDeviceUri: uri(`devices/${AGENT}`),
          },
        },
      ],
    });
    await trio.agent.probe.hears(trio.supervisor.voice);
    await lab.cancel();
    const over = await client.told('/v2/me/devices', ({ devices }) => {
      const [device] = devices as Record<string, unknown>[];
      return device !== undefined && !('supervisorMonitoringState' in device);
    });
    const [device] = (over.data as { devices: { capabilities: string[] }[] }).devices;
    expect(device?.capabilities).not.toContain('CancelSupervisorMonitoring');
  });
});
