import type { DeviceId } from './device.ts';
import {
  type Monitoring,
  type MonitoringEffect,
  type MonitoringEvent,
  type MonitoringState,
  NOT_MONITORING,
  transition,
} from './monitoring.ts';
import type { MonitoringStore } from './ports.ts';

/** The subscriptions of all supervisors: their states in memory, what must survive in the store. */
export class Subscriptions {
  readonly #states = new Map<DeviceId, MonitoringState>();
  readonly #store: MonitoringStore;

  constructor(store: MonitoringStore) {
    this.#store = store;
  }

  /** Brings back what was subscribed before a restart; every subscription is armed. */
  async restore(): Promise<void> {
    for (const monitoring of await this.#store.load()) {
      this.#states.set(monitoring.supervisorDeviceId, { is: 'armed', monitoring });
    }
  }

  of(supervisorDeviceId: DeviceId): MonitoringState {
    return this.#states.get(supervisorDeviceId) ?? NOT_MONITORING;
  }

  monitoringOf(supervisorDeviceId: DeviceId): Monitoring | undefined {
    const state = this.of(supervisorDeviceId);
    return state.is === 'none' ? undefined : state.monitoring;
  }

  /** The subscriptions aimed at an agent's device. */
  aimedAt(targetDeviceId: DeviceId): Exclude<MonitoringState, { is: 'none' }>[] {
    return [...this.#states.values()].filter(
      (state): state is Exclude<MonitoringState, { is: 'none' }> =>
        state.is !== 'none' && state.monitoring.targetDeviceId === targetDeviceId,
    );
  }

  /**
   * Takes a step and resolves with what must be done for it. The store is written first: what it could not keep has not
   * happened, and the failure is the caller's.
   */
  async step(supervisorDeviceId: DeviceId, event: MonitoringEvent): Promise<readonly MonitoringEffect[]> {
    const { state, effects } = transition(this.of(supervisorDeviceId), event);
    if (effects.some((effect) => effect.type === 'changed')) {
      if (state.is === 'none') await this.#store.remove(supervisorDeviceId);
      else await this.#store.put(state.monitoring);
    }
    if (state.is === 'none') this.#states.delete(supervisorDeviceId);
    else this.#states.set(supervisorDeviceId, state);
    return effects;
  }
}
