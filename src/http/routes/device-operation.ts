import type { FastifyInstance } from 'fastify';
import type { Device } from '../../coaching/device.ts';
import type { Monitoring } from '../../coaching/monitoring.ts';
import { type MonitorOperation, parseDeviceOperation } from '../../genesys/operation.ts';
import { OK, RequestError } from '../../genesys/status.ts';
import { requireRole, userOf } from '../log-in.ts';
import type { Desk } from '../ports.ts';

/** POST /api/v2/me/devices/{id}: ListenIn, Coach, BargeIn, CancelSupervisorMonitoring on the user's own device. */
export function deviceOperation(app: FastifyInstance, desk: Desk): void {
  app.post<{ Params: { id: string } }>('/api/v2/me/devices/:id', async (request) => {
    const device = ownDevice(request.params.id, userOf(request).id, desk);
    const operation = parseDeviceOperation(request.body);
    requireRole(request, 'supervisor');
    if (operation.operationName === 'CancelSupervisorMonitoring') {
      await desk.switchboard.cancelMonitoring(device.id, { leaveCall: operation.leaveCall });
    } else {
      await desk.switchboard.monitor(monitoringOf(device, operation, desk));
    }
    return OK;
  });
}

/**
 * Throws `not-found` for a device that does not exist, `permission-missing` for somebody else's: that it exists is no
 * secret, GET shows every device to whoever is logged in.
 */
function ownDevice(id: string, userId: string, { switchboard }: Desk): Device {
  const { device } = switchboard.device(id);
  if (device.ownerId !== userId) throw new RequestError('permission-missing', 'this device belongs to somebody else');
  return device;
}

function monitoringOf(supervisor: Device, operation: MonitorOperation, { switchboard, uris }: Desk): Monitoring {
  const target = switchboard.device(uris.deviceIn('targetDeviceUri', operation.targetDeviceUri)).device;
  // A number alone is monitored at a routing point, which we are not; the device's own number narrows nothing.
  if (operation.phoneNumber !== undefined && operation.phoneNumber !== target.phoneNumber) {
    throw new RequestError('parameter-invalid', `phoneNumber must be that of the device, ${target.phoneNumber}`);
  }
  return {
    supervisorDeviceId: supervisor.id,
    targetDeviceId: target.id,
    operation: operation.operationName,
    scope: operation.supervisorMonitoringScope,
    mode: operation.supervisorMonitoringMode,
  };
}
