import type { CallId } from './call.ts';
import type { DeviceId } from './device.ts';
import type { InstanceId } from './instance.ts';

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

/** The supervision that a subscription is busy with, the call it is in, and who holds that call. */
export interface Session {
  readonly supervisionId: SupervisionId;
  readonly callId: CallId;
  readonly instanceId: InstanceId;
}

/**
 * The life of a subscription. `alerting` and `active` are bound to one supervision: what others of the same device do,
 * earlier ones that are still leaving above all, means nothing to them.
 *
 *           requested            call              joined              session ended
 *     none ───────────► armed ─────────► alerting ──────────► active ───────────────► armed (AllCalls)
 *      ▲                  ▲  no answer, busy … │                 ▲ │                  none  (NextCall)
 *      │                  └────────────────────┘                 │ │
 *      │                  armed ── adopted, still in the call ───┘ │
 *      └──────────────── cancelled, logged out ────────────────────┘
 */
export type MonitoringState =
  | { readonly is: 'none' }
  | { readonly is: 'armed'; readonly monitoring: Monitoring }
  | BusyState;

type BusyState = { readonly is: 'alerting' | 'active'; readonly monitoring: Monitoring } & Session;

export type MonitoringEvent =
  /** `intrusion`: the call that the agent is in already may be joined. */
  | { readonly type: 'requested'; readonly monitoring: Monitoring; readonly intrusion: boolean }
  | { readonly type: 'cancelled'; readonly leaveCall: boolean }
  /** A call of the agent that can be joined. */
  | ({ readonly type: 'call-available' } & Session)
  /** A supervision of an earlier subscription is still in the agent's call. */
  | ({ readonly type: 'adopted' } & Session)
  | { readonly type: 'joined'; readonly supervisionId: SupervisionId }
  /** `callOver`: the call has ended, or cannot be joined any more. `failed`: by a fault, of a media server above all. */
  | {
      readonly type: 'session-ended';
      readonly supervisionId: SupervisionId;
      readonly callOver: boolean;
      readonly failed: boolean;
    }
  /** Whoever held the call is gone without a word. */
  | { readonly type: 'session-lost'; readonly supervisionId: SupervisionId };

export type MonitoringEffect =
  /** The subscription is another one now: store it and tell the supervisor. */
  | { readonly type: 'changed' }
  | ({ readonly type: 'join'; readonly monitoring: Monitoring } & Session)
  /** Look for a call of the agent: its newest, where that is newer than the call with this id. */
  | { readonly type: 'seek'; readonly newerThan: CallId | undefined }
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
      return requested(state, event.monitoring, event.intrusion);
    case 'cancelled':
      return cancelled(state, event.leaveCall);
    case 'call-available': {
      if (state.is !== 'armed') return unchanged(state);
      const { monitoring } = state;
      const session = sessionOf(event);
      return { state: { is: 'alerting', monitoring, ...session }, effects: [{ type: 'join', monitoring, ...session }] };
    }
    case 'adopted': {
      if (state.is !== 'armed') return unchanged(state);
      const { monitoring } = state;
      const { supervisionId } = event;
      return {
        state: { is: 'active', monitoring, ...sessionOf(event) },
        effects: [{ type: 'switch', supervisionId, operation: monitoring.operation }],
      };
    }
    case 'joined':
      if (state.is !== 'alerting' || state.supervisionId !== event.supervisionId) return unchanged(state);
      return { state: { ...state, is: 'active' }, effects: [] };
    case 'session-ended':
      if (!isBusyWith(state, event.supervisionId)) return unchanged(state);
      return sessionEnded(state, event);
    case 'session-lost':
      // It was not the supervisor's will: a crash does not use up NextCall. Whoever was only out of sight hears that it is over.
      if (!isBusyWith(state, event.supervisionId)) return unchanged(state);
      return {
        state: { is: 'armed', monitoring: state.monitoring },
        effects: [
          { type: 'leave', supervisionId: event.supervisionId },
          { type: 'seek', newerThan: undefined },
        ],
      };
  }
}

/**
 * What must be done here when the state of a subscription was another one before, and what happened in between is not known. Who
 * cannot say why its session is over ends it: a supervisor that should have left is worse than one that has to come again.
 */
export function missedEffects(before: MonitoringState, now: MonitoringState): MonitoringEffect[] {
  if (!isBusy(before)) return [];
  const { supervisionId } = before;
  if (!isBusyWith(now, supervisionId)) return [{ type: 'leave', supervisionId }];
  return [{ type: 'switch', supervisionId, operation: now.monitoring.operation }];
}

/** A new request replaces the old one; aimed at the same agent it also changes what is heard in the live call. */
function requested(state: MonitoringState, monitoring: Monitoring, intrusion: boolean): MonitoringStep {
  if (isBusy(state) && state.monitoring.targetDeviceId === monitoring.targetDeviceId) {
    const { supervisionId } = state;
    const live: MonitoringEffect = { type: 'switch', supervisionId, operation: monitoring.operation };
    return { state: { ...state, monitoring }, effects: [{ type: 'changed' }, live] };
  }
  const effects: MonitoringEffect[] = [{ type: 'changed' }];
  if (isBusy(state)) effects.push({ type: 'leave', supervisionId: state.supervisionId });
  if (intrusion) effects.push({ type: 'seek', newerThan: undefined });
  return { state: { is: 'armed', monitoring }, effects };
}

function cancelled(state: MonitoringState, leaveCall: boolean): MonitoringStep {
  if (state.is === 'none') return unchanged(state);
  const live = state.is !== 'armed' && (leaveCall || state.is === 'alerting');
  const leaving: MonitoringEffect[] = live ? [{ type: 'leave', supervisionId: state.supervisionId }] : [];
  return { state: NOT_MONITORING, effects: [{ type: 'changed' }, ...leaving] };
}

/**
 * NextCall is used up by a call the supervisor was in, not by one whose ringing nobody answered, nor by one that a fault
 * threw it out of. Whoever is free again is offered the agent's other call: the one that is left, or that came in the meantime.
 */
function sessionEnded(
  { is, monitoring, callId }: BusyState,
  { callOver, failed }: { readonly callOver: boolean; readonly failed: boolean },
): MonitoringStep {
  if (is === 'active' && monitoring.mode === 'NextCall' && !failed) {
    return { state: NOT_MONITORING, effects: [{ type: 'changed' }] };
  }
  const seek: MonitoringEffect = { type: 'seek', newerThan: callOver ? undefined : callId };
  return { state: { is: 'armed', monitoring }, effects: [seek] };
}

/** Whether the supervisor is in a call, or being brought into one. */
export const isBusy = (state: MonitoringState): state is BusyState => state.is === 'alerting' || state.is === 'active';

const isBusyWith = (state: MonitoringState, supervisionId: SupervisionId): state is BusyState =>
  isBusy(state) && state.supervisionId === supervisionId;

const sessionOf = ({ supervisionId, callId, instanceId }: Session): Session => ({ supervisionId, callId, instanceId });

const unchanged = (state: MonitoringState): MonitoringStep => ({ state, effects: [] });
