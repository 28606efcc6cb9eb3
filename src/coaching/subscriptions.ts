import type { DeviceId } from './device.ts';
import { EarpieceError } from './errors.ts';
import type { InstanceId } from './instance.ts';
import {
  isBusy,
  type Monitoring,
  type MonitoringEvent,
  type MonitoringState,
  NOT_MONITORING,
  transition,
} from './monitoring.ts';
import type { MonitoringStore, TakenStep } from './shared.ts';

/** Each time another instance was quicker; nobody is unlucky as often as this. */
const MOST_ATTEMPTS = 100;

type Subscribed = Exclude<MonitoringState, { is: 'none' }>;

/** The subscriptions of all supervisors, as far as the store has told of them. */
export class Subscriptions {
  readonly #known = new Map<DeviceId, { readonly version: number; readonly state: Subscribed }>();
  readonly #store: MonitoringStore;

  constructor(store: MonitoringStore) {
    this.#store = store;
  }

  /** Learns what is subscribed. `taken` is told of every step from then on, whoever took it; what is known includes it by then. */
  follow(taken: (step: TakenStep) => void): void {
    this.#store.follow((step) => {
      const { supervisorDeviceId, version, state } = step;
      if (state.is === 'none') this.#known.delete(supervisorDeviceId);
      else this.#known.set(supervisorDeviceId, { version, state });
      taken(step);
    });
  }

  of(supervisorDeviceId: DeviceId): MonitoringState {
    return this.#known.get(supervisorDeviceId)?.state ?? NOT_MONITORING;
  }

  monitoringOf(supervisorDeviceId: DeviceId): Monitoring | undefined {
    return this.#known.get(supervisorDeviceId)?.state.monitoring;
  }

  /** The subscriptions aimed at an agent's device. */
  aimedAt(targetDeviceId: DeviceId): Subscribed[] {
    return this.#all().filter(({ monitoring }) => monitoring.targetDeviceId === targetDeviceId);
  }

  /** The subscriptions that wait for a call. */
  armed(): Subscribed[] {
    return this.#all().filter(({ is }) => is === 'armed');
  }

  /** The subscriptions whose supervisor is in a call that this instance holds, or held. */
  busyAt(instanceId: InstanceId): Extract<Subscribed, { is: 'alerting' | 'active' }>[] {
    return this.#all()
      .filter(isBusy)
      .filter((state) => state.instanceId === instanceId);
  }

  /**
   * Takes a step. The store has the last word: what it could not keep has not happened, and the failure is the caller's; a
   * step that was overtaken by another is taken again from there. Throws `already-monitored` when, with `exclusive`, another supervisor holds
   * the target.
   */
  async step(supervisorDeviceId: DeviceId, event: MonitoringEvent, { exclusive = false } = {}): Promise<void> {
    for (let attempts = 0; attempts < MOST_ATTEMPTS; attempts++) {
      const { version = 0, state = NOT_MONITORING } = this.#known.get(supervisorDeviceId) ?? {};
      const next = transition(state, event);
      if (next.state === state) return;
      const outcome = await this.#store.take({ supervisorDeviceId, ...next }, { from: version, exclusive });
      if (outcome === 'taken') return;
      if (outcome === 'held') throw alreadyMonitored();
    }
    throw new EarpieceError('unavailable', 'others change this subscription all the time');
  }

  #all(): Subscribed[] {
    return [...this.#known.values()].map(({ state }) => state);
  }
}

export const alreadyMonitored = (): EarpieceError =>
  new EarpieceError('already-monitored', 'another supervisor monitors this device');
