import { describe, expect, it } from 'vitest';
import {
  type Mode,
  type Monitoring,
  type MonitoringEvent,
  type MonitoringState,
  NOT_MONITORING,
  transition,
} from '../../../src/coaching/monitoring.ts';

const monitoring = (changes: Partial<Monitoring> = {}): Monitoring => ({
  supervisorDeviceId: 'supervisor',
  targetDeviceId: 'agent',
  operation: 'Coach',
  scope: 'Call',
  mode: 'AllCalls',
  ...changes,
});
const armed = (mode: Mode = 'AllCalls'): MonitoringState => ({ is: 'armed', monitoring: monitoring({ mode }) });
const live = (is: 'alerting' | 'active', mode: Mode = 'AllCalls'): MonitoringState => ({
  is,
  monitoring: monitoring({ mode }),
  supervisionId: 'supervision',
});

const requested = (changes: Partial<Monitoring> = {}): MonitoringEvent => ({
  type: 'requested',
  monitoring: monitoring(changes),
});
const cancelled = (leaveCall = true): MonitoringEvent => ({ type: 'cancelled', leaveCall });
const available = (): MonitoringEvent => ({ type: 'call-available', callId: 'call', supervisionId: 'supervision' });
const session = (type: 'adopted' | 'joined' | 'session-ended', supervisionId = 'supervision'): MonitoringEvent => ({
  type,
  supervisionId,
  failed: false,
});
const thrownOut: MonitoringEvent = { type: 'session-ended', supervisionId: 'supervision', failed: true };

describe('a subscription', () => {
  it.each<[string, MonitoringState, MonitoringEvent, MonitoringState['is'], string[]]>([
    ['Coach, agent idle', NOT_MONITORING, requested(), 'armed', ['changed']],
    ['the agent gets a call', armed(), available(), 'alerting', ['join']],
    ['the supervisor is in', live('alerting'), session('joined'), 'active', []],
    ['the supervisor is still in', armed(), session('adopted'), 'active', ['switch']],
    ['another call while one is joined', live('active'), available(), 'active', []],
    ['a second operation, armed', armed(), requested({ operation: 'BargeIn' }), 'armed', ['changed']],
    [
      'a second operation, active',
      live('active'),
      requested({ operation: 'BargeIn' }),
      'active',
      ['changed', 'switch'],
    ],
    ['another target, armed', armed(), requested({ targetDeviceId: 'other' }), 'armed', ['changed']],
    ['another target, active', live('active'), requested({ targetDeviceId: 'other' }), 'armed', ['changed', 'leave']],
    ['another target, alerting', live('alerting'), requested({ targetDeviceId: 'x' }), 'armed', ['changed', 'leave']],
    ['cancel, armed', armed(), cancelled(), 'none', ['changed']],
    ['cancel, active', live('active'), cancelled(), 'none', ['changed', 'leave']],
    ['cancel, active, staying in the call', live('active'), cancelled(false), 'none', ['changed']],
    ['cancel while the phone rings', live('alerting'), cancelled(false), 'none', ['changed', 'leave']],
    ['cancel, nothing active', NOT_MONITORING, cancelled(), 'none', []],
    ['NextCall, thrown out by a fault', live('active', 'NextCall'), thrownOut, 'armed', []],
    ['NextCall, session ends', live('active', 'NextCall'), session('session-ended'), 'none', ['changed']],
    ['NextCall, never answered', live('alerting', 'NextCall'), session('session-ended'), 'armed', []],
    ['AllCalls, session ends', live('active'), session('session-ended'), 'armed', []],
    ['the end of an earlier session', live('active', 'NextCall'), session('session-ended', 'earlier'), 'active', []],
    ['the joining of an earlier session', live('alerting'), session('joined', 'earlier'), 'alerting', []],
  ])('%s', (_name, state, event, next, effects) => {
    const step = transition(state, event);
    expect(step.state.is).toBe(next);
    expect(step.effects.map((effect) => effect.type)).toEqual(effects);
  });

  it('takes the new operation, scope and mode', () => {
    const replaced = requested({ operation: 'ListenIn', scope: 'Agent', mode: 'NextCall' });
    const { state } = transition(live('active'), replaced);
    expect(state).toMatchObject({
      is: 'active',
      supervisionId: 'supervision',
      monitoring: { operation: 'ListenIn', scope: 'Agent', mode: 'NextCall' },
    });
  });
});
