import type { DeviceId } from '../coaching/device.ts';
import type { Monitoring } from '../coaching/monitoring.ts';
import type { MonitoringStore } from '../coaching/ports.ts';

/** Subscriptions that live as long as the process. */
export class MemoryMonitoringStore implements MonitoringStore {
  readonly #monitorings = new Map<DeviceId, Monitoring>();

  load(): Promise<readonly Monitoring[]> {
    return Promise.resolve([...this.#monitorings.values()]);
  }

  put(monitoring: Monitoring): Promise<void> {
    this.#monitorings.set(monitoring.supervisorDeviceId, monitoring);
    return Promise.resolve();
  }

  remove(supervisorDeviceId: DeviceId): Promise<void> {
    this.#monitorings.delete(supervisorDeviceId);
    return Promise.resolve();
  }
}
