import type { CallId } from './call.ts';
import type { DeviceId } from './device.ts';

/** Names one supervisor in one call. */
export type SupervisionId = string;

export type Operation = 'ListenIn' | 'Coach' | 'BargeIn';
export type Scope = 'Call' | 'Agent';
export type Mode = 'AllCalls' | 'NextCall';

/** What a supervisor's device is set to do: the subscription. */
export interface Monitoring {
  readonly supervisorDeviceId: DeviceId;
  readonly targetDeviceId: DeviceId;
  readonly operation: Operation;
  readonly scope: Scope;
  readonly mode: Mode;
}

/**
 * The life of a subscription. `alerting` and `active` are bound to one supervision: what others of the same device do,
 * earlier ones that are still leaving above all, means nothing to them.
 *
 *           requested            call              joined              session ended
 *     none ───────────► armed ─────────► alerting ──────────► active ───────────────► armed (AllCalls, a fault)
 *      ▲                  ▲  no answer, busy … │                 ▲ │                  none  (NextCall)
 *      │                  └────────────────────┘                 │ │
 *      │                  armed ── adopted, still in the call ───┘ │
 *      └──────────────── cancelled, logged out ────────────────────┘
 */
export type MonitoringState =
  | { readonly is: 'none' }
  | { readonly is: 'armed'; readonly monitoring: Monitoring }
  | { readonly is: 'alerting' | 'active'; readonly monitoring: Monitoring; readonly supervisionId: SupervisionId };

export type MonitoringEvent =
  | { readonly type: 'requested'; readonly monitoring: Monitoring }
  | { readonly type: 'cancelled'; readonly leaveCall: boolean }
  /** A call of the agent that can be joined, by a supervision of this id. */
  | { readonly type: 'call-available'; readonly callId: CallId; readonly supervisionId: SupervisionId }
  /** A supervision of an earlier subscription is still in the agent's call. */
  | { readonly type: 'adopted'; readonly supervisionId: SupervisionId }
  | { readonly type: 'joined'; readonly supervisionId: SupervisionId }
  /** `failed`: by a fault, of a media server above all; nobody wanted it to end. */
  | { readonly type: 'session-ended'; readonly supervisionId: SupervisionId; readonly failed: boolean };

export type MonitoringEffect =
  /** The subscription is another one now: store it and tell the supervisor. */
  | { readonly type: 'changed' }
  | {
      readonly type: 'join';
      readonly callId: CallId;
      readonly supervisionId: SupervisionId;
      readonly monitoring: Monitoring;
    }
  | { readonly type: 'switch'; readonly supervisionId: SupervisionId; readonly operation: Operation }
  | { readonly type: 'leave'; readonly supervisionId: SupervisionId };

export interface MonitoringStep {
  readonly state: MonitoringState;
  readonly effects: readonly MonitoringEffect[];
}

export const NOT_MONITORING: MonitoringState = { is: 'none' };

/** The next state, and what must be done for it. Pure; an event that means nothing in a state changes nothing. */
export function transition(state: MonitoringState, event: MonitoringEvent): MonitoringStep {
  switch (event.type) {
    case 'requested':
      return requested(state, event.monitoring);
    case 'cancelled':
      return cancelled(state, event.leaveCall);
    case 'call-available': {
      if (state.is !== 'armed') return unchanged(state);
      const { callId, supervisionId } = event;
      const { monitoring } = state;
      return {
        state: { is: 'alerting', monitoring, supervisionId },
        effects: [{ type: 'join', callId, supervisionId, monitoring }],
      };
    }
    case 'adopted': {
      if (state.is !== 'armed') return unchanged(state);
      const { supervisionId } = event;
      const { monitoring } = state;
      return {
        state: { is: 'active', monitoring, supervisionId },
        effects: [{ type: 'switch', supervisionId, operation: monitoring.operation }],
      };
    }
    case 'joined':
      if (state.is !== 'alerting' || state.supervisionId !== event.supervisionId) return unchanged(state);
      return { state: { ...state, is: 'active' }, effects: [] };
    case 'session-ended':
      return sessionEnded(state, event);
  }
}

/** A new request replaces the old one; aimed at the same agent it also changes what is heard in the live call. */
function requested(state: MonitoringState, monitoring: Monitoring): MonitoringStep {
  const armed: MonitoringState = { is: 'armed', monitoring };
  if (state.is === 'none' || state.is === 'armed') return { state: armed, effects: [{ type: 'changed' }] };
  const { supervisionId } = state;
  if (state.monitoring.targetDeviceId !== monitoring.targetDeviceId) {
    return { state: armed, effects: [{ type: 'changed' }, { type: 'leave', supervisionId }] };
  }
  const live: MonitoringEffect = { type: 'switch', supervisionId, operation: monitoring.operation };
  return { state: { ...state, monitoring }, effects: [{ type: 'changed' }, live] };
}

function cancelled(state: MonitoringState, leaveCall: boolean): MonitoringStep {
  if (state.is === 'none') return unchanged(state);
  const live = state.is !== 'armed' && (leaveCall || state.is === 'alerting');
  const leaving: MonitoringEffect[] = live ? [{ type: 'leave', supervisionId: state.supervisionId }] : [];
  return { state: NOT_MONITORING, effects: [{ type: 'changed' }, ...leaving] };
}

/** NextCall is used up by a call the supervisor was in, not by one whose ringing nobody answered, nor by one a fault threw it out of. */
function sessionEnded(
  state: MonitoringState,
  { supervisionId, failed }: Extract<MonitoringEvent, { type: 'session-ended' }>,
): MonitoringStep {
  if (state.is === 'none' || state.is === 'armed' || state.supervisionId !== supervisionId) return unchanged(state);
  const { monitoring } = state;
  if (state.is === 'active' && monitoring.mode === 'NextCall' && !failed) {
    return { state: NOT_MONITORING, effects: [{ type: 'changed' }] };
  }
  return { state: { is: 'armed', monitoring }, effects: [] };
}

const unchanged = (state: MonitoringState): MonitoringStep => ({ state, effects: [] });
