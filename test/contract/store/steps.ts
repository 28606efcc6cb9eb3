import type { MonitoringState } from '../../../src/coaching/monitoring.ts';
import type { TakenStep } from '../../../src/coaching/shared.ts';
import type { Store } from '../../../src/store/store.ts';

type Step = Omit<TakenStep, 'version' | 'by'>;

const monitoring = (supervisorDeviceId: string, targetDeviceId: string) =>
  ({ supervisorDeviceId, targetDeviceId, operation: 'Coach', scope: 'Call', mode: 'AllCalls' }) as const;

export const armed = (supervisor: string, target: string): MonitoringState => ({
  is: 'armed',
  monitoring: monitoring(supervisor, target),
});

/** The supervisor asks for this agent. */
export const armedStep = (supervisor: string, target: string): Step => ({
  supervisorDeviceId: supervisor,
  state: armed(supervisor, target),
  effects: [{ type: 'changed' }, { type: 'seek', newerThan: undefined }],
});

/** The supervisor is in a call that this instance holds. */
export const busyStep = (supervisor: string, target: string, instanceId: string): Step => ({
  supervisorDeviceId: supervisor,
  state: {
    is: 'active',
    monitoring: monitoring(supervisor, target),
    supervisionId: `supervision of ${supervisor}`,
    callId: `call of ${target}`,
    instanceId,
  },
  effects: [],
});

export const cancelledStep = (supervisor: string): Step => ({
  supervisorDeviceId: supervisor,
  state: { is: 'none' },
  effects: [{ type: 'changed' }],
});

/** Every step that is told from now on, after what is stored. */
export function follow(store: Store): TakenStep[] {
  const steps: TakenStep[] = [];
  store.monitorings.follow((step) => steps.push(step));
  return steps;
}

/** What is stored now. */
export function kept(store: Store): Map<string, TakenStep> {
  const last = new Map(follow(store).map((step) => [step.supervisorDeviceId, step]));
  return new Map([...last].filter(([, { state }]) => state.is !== 'none'));
}
