import { describe, expect, it } from 'vitest';
import type { Role, User } from '../../../src/coaching/device.ts';
import type { Monitoring } from '../../../src/coaching/monitoring.ts';
import { deviceResource } from '../../../src/genesys/device.ts';
import { Uris } from '../../../src/genesys/uris.ts';

const uris = new Uris(() => 'http://127.0.0.1:8080');
const device = { id: 'efe1ab32', phoneNumber: '5005', address: undefined, ownerId: 'u', autoAnswer: true };
const owner = (...roles: Role[]): User => ({ id: 'u', userName: 'u', firstName: '', lastName: '', roles });
const monitoring: Monitoring = {
  supervisorDeviceId: device.id,
  targetDeviceId: '9c14cad7',
  operation: 'Coach',
  scope: 'Call',
  mode: 'AllCalls',
};

const capabilities = (roles: Role[], monitored: Monitoring | undefined, targetHeld = false) =>
  deviceResource({ device, active: true, monitoring: monitored }, { owner: owner(...roles), targetHeld, uris })
    .capabilities;

describe('a device on the wire', () => {
  it('has the documented fields and no others', () => {
    expect(
      deviceResource({ device, active: false, monitoring }, { owner: owner('supervisor'), targetHeld: false, uris }),
    ).toEqual({
      id: 'efe1ab32',
      deviceState: 'Inactive',
      userState: { id: '900D55CC-2BB0-431F-8BF9-D3525B383BE6', displayName: 'Not Ready', state: 'NotReady' },
      phoneNumber: '5005',
      e164Number: '5005',
      telephonyNetwork: 'Private',
      doNotDisturb: 'Off',
      voiceEnvironmentUri: 'http://127.0.0.1:8080/api/v2/voice-environments/370ef5e6-7a5f-4a52-8d0e-2d1c5b7f0a11',
      capabilities: ['ForwardCallsOn', 'DoNotDisturbOn', 'ListenIn', 'Coach', 'BargeIn', 'CancelSupervisorMonitoring'],
      supervisorMonitoringState: {
        state: 'Coach',
        mode: 'AllCalls',
        scope: 'Call',
        targetDeviceUri: 'http://127.0.0.1:8080/api/v2/devices/9c14cad7',
      },
    });
  });

  it.each([
    ['an agent', ['agent'] as Role[], undefined, false, ['ForwardCallsOn', 'DoNotDisturbOn']],
    [
      'a supervisor',
      ['supervisor'] as Role[],
      undefined,
      false,
      ['ForwardCallsOn', 'DoNotDisturbOn', 'ListenIn', 'Coach', 'BargeIn'],
    ],
    [
      'a supervisor whose target another holds',
      ['supervisor'] as Role[],
      monitoring,
      true,
      ['ForwardCallsOn', 'DoNotDisturbOn', 'CancelSupervisorMonitoring'],
    ],
  ])('offers to %s what the role allows', (_, roles, monitored, held, expected) => {
    expect(capabilities(roles, monitored, held)).toEqual(expected);
  });
});
