import { describe, expect, it } from 'vitest';
import { AGENT, CALL, startControlPlane, SUPERVISOR } from '../http/control-plane.ts';
import { NotificationClient } from './client.ts';

const DEVICES = '/v2/me/devices';
const CALLS = '/v2/me/calls';

describe('DeviceStateChangeMessage', () => {
  it('tells the supervisor, field by field, what the device is set to do', async () => {
    await using plane = await startControlPlane();
    await using client = await NotificationClient.connect(plane.base, 'supervisor');
    await plane.coach();
    const message = await client.told(DEVICES);
    expect(message).toEqual({
      data: {
        messageType: 'DeviceStateChangeMessage',
        devices: [
          {
            id: SUPERVISOR,
            deviceState: 'Active',
            userState: { id: '900D55CC-2BB0-431F-8BF9-D3525B383BE6', displayName: 'Not Ready', state: 'NotReady' },
            phoneNumber: '5005',
            e164Number: '5005',
            telephonyNetwork: 'Private',
            doNotDisturb: 'Off',
            voiceEnvironmentUri: `${plane.base}/api/v2/voice-environments/370ef5e6-7a5f-4a52-8d0e-2d1c5b7f0a11`,
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
              mode: 'AllCalls',
              scope: 'Call',
              targetDeviceUri: `${plane.base}/api/v2/devices/${AGENT}`,
            },
          },
        ],
      },
      channel: DEVICES,
    });
  });

  it('says nothing of monitoring any more after Cancel', async () => {
    await using plane = await startControlPlane();
    await using client = await NotificationClient.connect(plane.base, 'supervisor', [DEVICES]);
    await plane.coach();
    await plane.ask('POST', `/api/v2/me/devices/${SUPERVISOR}`, {
      as: 'supervisor',
      body: { operationName: 'CancelSupervisorMonitoring' },
    });
    const message = await client.told(
      DEVICES,
      ({ devices }) => !JSON.stringify(devices).includes('supervisorMonitoringState'),
    );
    expect(JSON.stringify(message)).not.toContain('CancelSupervisorMonitoring');
    expect(client.messages).toHaveLength(2);
  });

  it('tells that a telephone came or went', async () => {
    await using plane = await startControlPlane();
    await using client = await NotificationClient.connect(plane.base, 'agent1');
    plane.registered.delete(AGENT);
    plane.switchboard.registrationChanged(AGENT);
    const message = await client.told(DEVICES);
    expect(message.data).toMatchObject({ devices: [{ id: AGENT, deviceState: 'Inactive' }] });
  });

  it.each(['busy', 'no-answer', 'declined', 'unreachable'] as const)(
    'carries the failure when the supervisor is %s, and monitoring stays armed',
    async (outcome) => {
      await using plane = await startControlPlane({ dial: { outcome } });
      await using client = await NotificationClient.connect(plane.base, 'supervisor');
      plane.switchboard.callEstablished(CALL);
      await plane.coach();
      const message = await client.told(DEVICES, (told) => 'statusCode' in told);
      expect(message.data).toEqual({
        messageType: 'DeviceStateChangeMessage',
        devices: [expect.objectContaining({ id: SUPERVISOR, supervisorMonitoringState: expect.anything() as unknown })],
        statusCode: 4,
        statusMessage: expect.stringMatching(/^the supervisor's phone /) as string,
        extensions: {
          supervision: {
            id: expect.any(String) as string,
            callId: CALL.id,
            operation: 'Coach',
            targetDeviceUri: plane.uris.device(AGENT),
            outcome,
          },
        },
      });
    },
  );
});

describe('CallStateChangeMessage', () => {
  it('tells the supervisor of both parties, and the agent of the far end and of the supervisor', async () => {
    await using plane = await startControlPlane();
    await using supervisor = await NotificationClient.connect(plane.base, 'supervisor');
    await using agent = await NotificationClient.connect(plane.base, 'agent1');
    plane.switchboard.callEstablished(CALL);
    await plane.coach();

    const joined = await supervisor.told(CALLS, ({ call }) => (call as { state: string }).state === 'Established');
    expect(joined.data).toMatchObject({
      messageType: 'CallStateChangeMessage',
      notificationType: 'StatusChange',
      phoneNumber: '5005',
      call: { id: CALL.id, monitoring: true, participants: [{ phoneNumber: '+4930123456' }, { phoneNumber: '5001' }] },
    });
    const seen = await agent.told(
      CALLS,
      ({ call }) => (call as { supervisorListeningIn: boolean }).supervisorListeningIn,
    );
    expect(seen.data).toMatchObject({ phoneNumber: '5001', call: { participants: [{ phoneNumber: '+4930123456' }] } });
    expect((seen.data as { call: { participants: unknown[] } }).call.participants).toHaveLength(1);

    plane.switchboard.callEnded(CALL.id);
    for (const client of [supervisor, agent]) {
      await client.told(CALLS, ({ call }) => (call as { state: string }).state === 'Released');
    }
  });
});

describe('who is told', () => {
  it('only those whom it concerns, though the channels have the same names', async () => {
    await using plane = await startControlPlane();
    await using agent = await NotificationClient.connect(plane.base, 'agent1', ['/v2/me', DEVICES, CALLS]);
    await using other = await NotificationClient.connect(plane.base, 'agent2');
    await using supervisor = await NotificationClient.connect(plane.base, 'supervisor');
    await plane.coach();
    await supervisor.told(DEVICES);
    plane.switchboard.registrationChanged(AGENT);
    await agent.told(DEVICES);
    expect(agent.messages).toHaveLength(1);
    expect(supervisor.messages).toHaveLength(1);
    expect(other.messages).toEqual([]);
  });

  it('each client of a user, once, however many subscriptions match', async () => {
    await using plane = await startControlPlane();
    await using one = await NotificationClient.connect(plane.base, 'supervisor', ['/v2/me/*']);
    await using two = await NotificationClient.connect(plane.base, 'supervisor', ['/v2/me/devices', '/v2/me/**']);
    await plane.coach();
    await plane.coach({ supervisorMonitoringMode: 'NextCall' });
    const last = (told: Record<string, unknown>) => JSON.stringify(told).includes('NextCall');
    await Promise.all([one.told(DEVICES, last), two.told(DEVICES, last)]);
    expect(one.messages).toHaveLength(2);
    // The client calls back for each of its own subscriptions; the wire carries the message once.
    expect(new Set(two.messages).size).toBe(2);
  });
});
