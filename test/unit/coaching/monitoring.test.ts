import { describe, expect, it } from 'vitest';
import {
  type Mode,
  type Monitoring,
  type MonitoringEvent,
  type MonitoringState,
  missedEffects,
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
const SESSION = { supervisionId: 'supervision', callId: 'call', instanceId: 'here' };
const armed = (mode: Mode = 'AllCalls'): MonitoringState => ({ is: 'armed', monitoring: monitoring({ mode }) });
const live = (is: 'alerting' | 'active', mode: Mode = 'AllCalls'): MonitoringState => ({
  is,
  monitoring: monitoring({ mode }),
  ...SESSION,
});

const requested = (changes: Partial<Monitoring> = {}, intrusion = false): MonitoringEvent => ({
  type: 'requested',
  monitoring: monitoring(changes),
  intrusion,
});
const cancelled = (leaveCall = true): MonitoringEvent => ({ type: 'cancelled', leaveCall });
const available = (): MonitoringEvent => ({ type: 'call-available', ...SESSION });
const adopted = (): MonitoringEvent => ({ type: 'adopted', ...SESSION });
const joined = (supervisionId = SESSION.supervisionId): MonitoringEvent => ({ type: 'joined', supervisionId });
const ended = (supervisionId = SESSION.supervisionId): MonitoringEvent => ({
  type: 'session-ended',
  supervisionId,
  callOver: false,
  failed: false,
});
const thrownOut: MonitoringEvent = {
  type: 'session-ended',
  supervisionId: SESSION.supervisionId,
  callOver: false,
  failed: true,
};
const lost = (): MonitoringEvent => ({ type: 'session-lost', supervisionId: SESSION.supervisionId });

describe('a subscription', () => {
  it.each<[string, MonitoringState, MonitoringEvent, MonitoringState['is'], string[]]>([
    ['Coach, agent idle', NOT_MONITORING, requested(), 'armed', ['changed']],
    ['Coach, intrusion', NOT_MONITORING, requested({}, true), 'armed', ['changed', 'seek']],
    ['the agent gets a call', armed(), available(), 'alerting', ['join']],
    ['the supervisor is in', live('alerting'), joined(), 'active', []],
    ['the supervisor is still in', armed(), adopted(), 'active', ['switch']],
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
    ['NextCall, thrown out by a fault', live('active', 'NextCall'), thrownOut, 'armed', ['seek']],
    ['NextCall, session ends', live('active', 'NextCall'), ended(), 'none', ['changed']],
    ['NextCall, never answered', live('alerting', 'NextCall'), ended(), 'armed', ['seek']],
    ['NextCall, its instance is gone', live('active', 'NextCall'), lost(), 'armed', ['leave', 'seek']],
    ['AllCalls, session ends', live('active'), ended(), 'armed', ['seek']],
    ['the end of an earlier session', live('active', 'NextCall'), ended('earlier'), 'active', []],
    ['the joining of an earlier session', live('alerting'), joined('earlier'), 'alerting', []],
  ])('%s', (_name, state, event, next, effects) => {
    const step = transition(state, event);
    expect(step.state.is).toBe(next);
    expect(step.effects.map((effect) => effect.type)).toEqual(effects);
  });

  it.each<[string, MonitoringState, MonitoringState, string[]]>([
    ['nothing', live('active'), live('active'), ['switch']],
    ['its joining', live('alerting'), live('active'), ['switch']],
    ['a cancel', live('active'), NOT_MONITORING, ['leave']],
    [
      'its end, and another call',
      live('active'),
      { ...live('active'), supervisionId: 'other' } as MonitoringState,
      ['leave'],
    ],
    ['a request', NOT_MONITORING, armed(), []],
  ])('not told meanwhile of %s, catches up', (_missed, before, now, effects) => {
    expect(missedEffects(before, now).map(({ type }) => type)).toEqual(effects);
  });

  it('looks for another call than the one that its supervisor left', () => {
    expect(transition(live('active'), ended()).effects).toEqual([{ type: 'seek', newerThan: 'call' }]);
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
