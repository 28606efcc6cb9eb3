import type { CallId } from './call.ts';
import type { DeviceId } from './device.ts';
import { EarpieceError, type ErrorCode } from './errors.ts';
import type { LegId } from './leg.ts';
import type { Operation, SupervisionId } from './monitoring.ts';

/** How a supervision came to its end. Only `failed` is a fault; the rest is life. */
export type SupervisionEnd =
  | { readonly outcome: 'left' | 'cancelled' | 'call-ended' | 'busy' | 'no-answer' | 'declined' | 'unreachable' }
  | { readonly outcome: 'failed'; readonly code: ErrorCode; readonly message: string };

/**
 * One supervisor in one call. `resuming`: the room was lost, the supervisor's phone is still up and is taken into another.
 *
 *     alerting ──► joining ──► active ──► leaving ──► ended
 *         │         ▲ │          │           ▲          ▲
 *         │         │ ▼          │           │          │
 *         │       resuming ◄─────┘           │          │
 *         └───────────┴──────────────────────┴──────────┘
 */
export type SupervisionState =
  | { readonly is: 'alerting' }
  | { readonly is: 'joining' | 'active' | 'resuming' | 'leaving'; readonly legId: LegId }
  | { readonly is: 'ended'; readonly end: SupervisionEnd };

export interface Supervision {
  readonly id: SupervisionId;
  readonly callId: CallId;
  readonly supervisorDeviceId: DeviceId;
  readonly agentDeviceId: DeviceId;
  /** The leg of the agent that is monitored in this call. */
  readonly agentLegId: LegId;
  readonly operation: Operation;
  readonly state: SupervisionState;
}

const successors: Record<SupervisionState['is'], readonly SupervisionState['is'][]> = {
  alerting: ['joining', 'ended'],
  joining: ['active', 'resuming', 'leaving', 'ended'],
  active: ['resuming', 'leaving', 'ended'],
  resuming: ['joining', 'leaving', 'ended'],
  leaving: ['ended'],
  ended: [],
};

/** The supervision in its next state. Throws `invalid-state` on a move the diagram does not have. */
export function advance(supervision: Supervision, state: SupervisionState): Supervision {
  if (!successors[supervision.state.is].includes(state.is)) {
    throw new EarpieceError('invalid-state', `a supervision cannot go from ${supervision.state.is} to ${state.is}`);
  }
  return { ...supervision, state };
}

/** Whether the supervisor's phone is up in the call. */
export const isLive = (supervision: Supervision): boolean =>
  supervision.state.is === 'joining' || supervision.state.is === 'active' || supervision.state.is === 'resuming';
