import type { CallId } from './call.ts';
import type { DeviceId } from './device.ts';

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
 * The life of a subscription.
 *
 *           requested            call              answered            session ended
 *     none ───────────► armed ─────────► alerting ──────────► active ───────────────► armed (AllCalls)
 *      ▲                  ▲  no answer, busy … │                 │                    none  (NextCall)
 *      │                  └────────────────────┘                 │
 *      └──────────────── cancelled, logged out ──────────────────┘
 */
export type MonitoringState =
  | { readonly is: 'none' }
  | { readonly is: 'armed'; readonly monitoring: Monitoring }
  | { readonly is: 'alerting' | 'active'; readonly monitoring: Monitoring; readonly callId: CallId };

export type MonitoringEvent =
  | { readonly type: 'requested'; readonly monitoring: Monitoring }
  | { readonly type: 'cancelled'; readonly leaveCall: boolean }
  | { readonly type: 'call-available'; readonly callId: CallId }
  | { readonly type: 'answered'; readonly callId: CallId }
  | { readonly type: 'session-ended'; readonly callId: CallId };

export type MonitoringEffect =
  /** The subscription is another one now: store it and tell the supervisor. */
  | { readonly type: 'changed' }
  | { readonly type: 'join'; readonly callId: CallId; readonly monitoring: Monitoring }
  | { readonly type: 'switch'; readonly callId: CallId; readonly operation: Operation }
  | { readonly type: 'leave'; readonly callId: CallId };

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
    case 'call-available':
      if (state.is !== 'armed') return unchanged(state);
      return {
        state: { is: 'alerting', monitoring: state.monitoring, callId: event.callId },
        effects: [{ type: 'join', callId: event.callId, monitoring: state.monitoring }],
      };
    case 'answered':
      if (state.is !== 'alerting' || state.callId !== event.callId) return unchanged(state);
      return { state: { ...state, is: 'active' }, effects: [] };
    case 'session-ended':
      return sessionEnded(state, event.callId);
  }
}

/** A new request replaces the old one; aimed at the same agent it also changes what is heard in the live call. */
function requested(state: MonitoringState, monitoring: Monitoring): MonitoringStep {
  const armed: MonitoringState = { is: 'armed', monitoring };
  if (state.is === 'none' || state.is === 'armed') return { state: armed, effects: [{ type: 'changed' }] };
  const { callId } = state;
  if (state.monitoring.targetDeviceId !== monitoring.targetDeviceId) {
    return { state: armed, effects: [{ type: 'changed' }, { type: 'leave', callId }] };
  }
  const live: MonitoringEffect = { type: 'switch', callId, operation: monitoring.operation };
  return { state: { ...state, monitoring }, effects: [{ type: 'changed' }, live] };
}

function cancelled(state: MonitoringState, leaveCall: boolean): MonitoringStep {
  if (state.is === 'none') return unchanged(state);
  const live = state.is !== 'armed' && (leaveCall || state.is === 'alerting');
  const leaving: MonitoringEffect[] = live ? [{ type: 'leave', callId: state.callId }] : [];
  return { state: NOT_MONITORING, effects: [{ type: 'changed' }, ...leaving] };
}

/** NextCall is used up by a call the supervisor was in, not by one whose ringing nobody answered. */
function sessionEnded(state: MonitoringState, callId: CallId): MonitoringStep {
  if (state.is === 'none' || state.is === 'armed' || state.callId !== callId) return unchanged(state);
  const { monitoring } = state;
  if (state.is === 'active' && monitoring.mode === 'NextCall') {
    return { state: NOT_MONITORING, effects: [{ type: 'changed' }] };
  }
  return { state: { is: 'armed', monitoring }, effects: [] };
}

const unchanged = (state: MonitoringState): MonitoringStep => ({ state, effects: [] });
