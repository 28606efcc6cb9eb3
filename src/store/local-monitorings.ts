import type { DeviceId } from '../coaching/device.ts';
import type { InstanceId } from '../coaching/instance.ts';
import type { MonitoringState } from '../coaching/monitoring.ts';
import { Serial } from '../coaching/serial.ts';
import type { MonitoringStore, TakenStep } from '../coaching/shared.ts';

type Subscribed = Exclude<MonitoringState, { is: 'none' }>;

/** The subscriptions of one process. `kept` writes a state somewhere; what it could not write has not happened. */
export class LocalMonitorings implements MonitoringStore {
  readonly #self: InstanceId;
  readonly #states: Map<DeviceId, { readonly version: number; readonly state: Subscribed }>;
  readonly #kept: (supervisorDeviceId: DeviceId, state: Subscribed | undefined) => Promise<void>;
  readonly #followers: ((step: TakenStep) => void)[] = [];
  readonly #steps = new Serial();
  #version = 0;

  constructor(
    self: InstanceId,
    stored: Iterable<Subscribed> = [],
    kept: (supervisorDeviceId: DeviceId, state: Subscribed | undefined) => Promise<void> = () => Promise.resolve(),
  ) {
    this.#self = self;
    this.#states = new Map(
      [...stored].map((state) => [state.monitoring.supervisorDeviceId, { version: ++this.#version, state }]),
    );
    this.#kept = kept;
  }

  follow(told: (step: TakenStep) => void): void {
    this.#followers.push(told);
    for (const [supervisorDeviceId, known] of this.#states) {
      told({ supervisorDeviceId, ...known, effects: [], by: undefined });
    }
  }

  take(
    step: Omit<TakenStep, 'version' | 'by'>,
    { from, exclusive }: { readonly from: number; readonly exclusive: boolean },
  ): Promise<'taken' | 'overtaken' | 'held'> {
    return this.#steps.run(async () => {
      const { supervisorDeviceId, state } = step;
      if ((this.#states.get(supervisorDeviceId)?.version ?? 0) !== from) return 'overtaken';
      if (exclusive && state.is !== 'none' && this.#isHeld(state)) return 'held';
      await this.#kept(supervisorDeviceId, state.is === 'none' ? undefined : state);
      const version = ++this.#version;
      if (state.is === 'none') this.#states.delete(supervisorDeviceId);
      else this.#states.set(supervisorDeviceId, { version, state });
      for (const told of this.#followers) told({ ...step, version, by: this.#self });
      return 'taken';
    });
  }

  #isHeld({ monitoring: { supervisorDeviceId, targetDeviceId } }: Subscribed): boolean {
    return [...this.#states.values()].some(
      ({ state: { monitoring: other } }) =>
        other.targetDeviceId === targetDeviceId && other.supervisorDeviceId !== supervisorDeviceId,
    );
  }
}
