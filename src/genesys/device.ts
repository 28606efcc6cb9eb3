import type { User } from '../coaching/device.ts';
import type { Monitoring } from '../coaching/monitoring.ts';
import type { DeviceView } from '../coaching/switchboard.ts';
import type { Uris } from './uris.ts';

/** The state of whoever has not said to be ready for calls. */
const NOT_READY = { id: '900D55CC-2BB0-431F-8BF9-D3525B383BE6', displayName: 'Not Ready', state: 'NotReady' } as const;

const MONITORING_OPERATIONS = ['ListenIn', 'Coach', 'BargeIn'] as const;

export interface DeviceContext {
  readonly owner: User | undefined;
  /** Another supervisor holds the device that this one monitors, and only one may. */
  readonly targetHeld: boolean;
  readonly uris: Uris;
}

/** A device as the API shows it, alike in answers and in notifications. */
export function deviceResource(view: DeviceView, context: DeviceContext) {
  const { device, active, monitoring } = view;
  return {
    id: device.id,
    deviceState: active ? 'Active' : 'Inactive',
    userState: NOT_READY,
    phoneNumber: device.phoneNumber,
    e164Number: device.phoneNumber,
    telephonyNetwork: 'Private',
    doNotDisturb: 'Off',
    voiceEnvironmentUri: context.uris.voiceEnvironment(),
    capabilities: capabilities(view, context),
    ...(monitoring !== undefined && { supervisorMonitoringState: monitoringState(monitoring, context.uris) }),
  };
}

export type DeviceResource = ReturnType<typeof deviceResource>;

/** What can be asked of the device, by the role of its owner and by its state. */
function capabilities({ monitoring }: DeviceView, { owner, targetHeld }: DeviceContext): string[] {
  const offered: string[] = ['ForwardCallsOn', 'DoNotDisturbOn'];
  if (owner?.roles.includes('supervisor') === true && !targetHeld) offered.push(...MONITORING_OPERATIONS);
  if (monitoring !== undefined) offered.push('CancelSupervisorMonitoring');
  return offered;
}

function monitoringState({ operation, mode, scope, targetDeviceId }: Monitoring, uris: Uris) {
  return { state: operation, mode, scope, targetDeviceUri: uris.device(targetDeviceId) };
}
