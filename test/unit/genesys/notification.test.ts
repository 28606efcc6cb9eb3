import { describe, expect, it } from 'vitest';
import type { Call } from '../../../src/coaching/call.ts';
import type { EarpieceEvent } from '../../../src/coaching/events.ts';
import type { Supervision, SupervisionEnd, SupervisionState } from '../../../src/coaching/supervision.ts';
import { deviceResource } from '../../../src/genesys/device.ts';
import { notifications, type NotificationSource } from '../../../src/genesys/notification.ts';
import { Uris } from '../../../src/genesys/uris.ts';

const uris = new Uris(() => 'http://127.0.0.1:8080');
const call: Call = {
  id: 'call',
  caller: { legId: 'customer-leg', deviceId: undefined, phoneNumber: '1001', displayName: undefined },
  callee: { legId: 'agent-leg', deviceId: 'agent-phone', phoneNumber: '5001', displayName: undefined },
  type: 'Inbound',
  dnis: '5001',
};

const supervision = (state: SupervisionState): Supervision => ({
  id: 'supervision',
  callId: call.id,
  supervisorDeviceId: 'supervisor-phone',
  agentDeviceId: 'agent-phone',
  agentLegId: 'agent-leg',
  operation: 'Coach',
  state,
});

/** The phones of an agent and a supervisor; the phone of nobody has no owner. */
function source(supervisions: readonly Supervision[] = [], up = true): NotificationSource {
  const device = (id: string) => ({ id, phoneNumber: id, address: undefined, ownerId: undefined, autoAnswer: false });
  return {
    uris,
    device: (id) =>
      deviceResource(
        { device: device(id), active: true, monitoring: undefined },
        { owner: undefined, targetHeld: false, uris },
      ),
    ownerId: (id) => ({ 'agent-phone': 'agent', 'supervisor-phone': 'supervisor' })[id],
    call: () => (up ? { call, anchored: true, supervisions } : undefined),
    callOf: () => call,
  };
}

const told = (event: EarpieceEvent, from = source()) => notifications(event, from);
const ended = (end: SupervisionEnd): EarpieceEvent => ({
  type: 'supervision.ended',
  supervision: supervision({ is: 'ended', end }),
});

describe('an end that nobody asked for', () => {
  it('is told on the device, with what happened to which supervision', () => {
    const end = { outcome: 'failed', code: 'isolation-lost', message: 'relate was not confirmed' } as const;
    const [message] = told(ended(end)).filter(({ channel }) => channel === '/v2/me/devices');
    expect(message).toMatchObject({
      userId: 'supervisor',
      message: {
        messageType: 'DeviceStateChangeMessage',
        devices: [{ id: 'supervisor-phone' }],
        statusCode: 4,
        statusMessage: 'relate was not confirmed',
        extensions: {
          supervision: {
            id: 'supervision',
            callId: 'call',
            operation: 'Coach',
            outcome: 'failed',
            code: 'isolation-lost',
          },
        },
      },
    });
  });

  it('is not any of those that life brings', () => {
    for (const outcome of ['left', 'cancelled', 'call-ended'] as const) {
      const channels = told(ended({ outcome })).map(({ channel }) => channel);
      expect(channels).not.toContain('/v2/me/devices');
    }
  });

  it('is also a subscription that could not be stored', () => {
    const event = { type: 'monitoring.failed', supervisorDeviceId: 'supervisor-phone', reason: 'disk full' } as const;
    expect(told(event)).toMatchObject([
      { userId: 'supervisor', message: { statusCode: 4, statusMessage: 'disk full' } },
    ]);
  });
});

describe('a supervised call', () => {
  const active = supervision({ is: 'active', legId: 'supervisor-leg' });

  it('rings at the supervisor, and the agent learns of nothing yet', () => {
    const messages = told({ type: 'supervision.alerting', supervision: supervision({ is: 'alerting' }) });
    expect(messages).toMatchObject([
      { userId: 'supervisor', message: { call: { state: 'Ringing', monitoring: true } } },
    ]);
  });

  it('shows the supervisor to the agent while it is in', () => {
    const joined = told({ type: 'supervision.active', supervision: active, joinMs: 1 }, source([active]));
    expect(joined).toMatchObject([
      { userId: 'supervisor', message: { call: { state: 'Established' } } },
      { userId: 'agent', message: { call: { state: 'Established', supervisorListeningIn: true } } },
    ]);
    const left = told(ended({ outcome: 'left' }));
    expect(left).toMatchObject([
      { userId: 'supervisor', message: { call: { state: 'Released' } } },
      { userId: 'agent', message: { call: { state: 'Established', supervisorListeningIn: false } } },
    ]);
  });

  it('is released for the supervisor also when the call itself is gone, and not established for the agent', () => {
    const messages = told(ended({ outcome: 'call-ended' }), source([], false));
    expect(messages).toMatchObject([{ userId: 'supervisor', message: { call: { state: 'Released' } } }]);
  });
});

describe('what is nobody’s', () => {
  it('is told to nobody', () => {
    expect(told({ type: 'device.changed', deviceId: 'phone of nobody' })).toEqual([]);
    expect(told({ type: 'room.opened', callId: 'call' })).toEqual([]);
    expect(told({ type: 'call.established', call }).map(({ userId }) => userId)).toEqual(['agent']);
  });
});
