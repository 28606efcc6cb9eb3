import type { EarpieceEvent } from '../coaching/events.ts';
import type { Logger } from '../log.ts';

/** One line per step of a life, for the person on call at night. */
export function logEvent(log: Logger, event: EarpieceEvent): void {
  switch (event.type) {
    case 'monitoring.changed': {
      const { supervisorDeviceId, monitoring } = event;
      const { targetDeviceId, operation, scope, mode } = monitoring ?? {};
      log.info({ supervisorDeviceId, targetDeviceId, operation, scope, mode }, 'monitoring changed');
      break;
    }
    case 'monitoring.failed':
      log.error({ supervisorDeviceId: event.supervisorDeviceId, reason: event.reason }, 'monitoring not stored');
      break;
    case 'device.changed':
      log.debug({ deviceId: event.deviceId }, 'device changed');
      break;
    // The B2BUA has said so already.
    case 'call.established':
    case 'call.ended':
      break;
    case 'call.unanchored':
      // The media side has warned of the cause, once; this is one of the calls it is about.
      log.info({ callId: event.call.id, reason: event.reason }, 'call not anchored');
      break;
    case 'call.degraded':
      log.error({ callId: event.call.id, reason: event.reason }, 'parties not connected directly');
      break;
    case 'supervision.alerting':
    case 'supervision.switched':
      log.info(idsOf(event), event.type.replace('.', ' '));
      break;
    case 'supervision.active':
      log.info({ ...idsOf(event), joinMs: Math.round(event.joinMs) }, 'supervision active');
      break;
    case 'supervision.interrupted':
      log.warn({ ...idsOf(event), reason: event.reason }, 'supervision interrupted, looking for another room');
      break;
    case 'supervision.resumed':
      log.info({ ...idsOf(event), interruptedMs: Math.round(event.interruptedMs) }, 'supervision resumed');
      break;
    case 'supervision.ended': {
      const { state } = event.supervision;
      const end = state.is === 'ended' ? state.end : undefined;
      log[end?.outcome === 'failed' ? 'error' : 'info']({ ...idsOf(event), ...end }, 'supervision ended');
      break;
    }
    case 'room.opened':
    case 'room.released':
      log.info({ callId: event.callId }, event.type.replace('.', ' '));
      break;
    case 'room.lost':
      log.error({ callId: event.callId, reason: event.reason }, 'room lost');
      break;
  }
}

function idsOf({ supervision }: Extract<EarpieceEvent, { supervision: unknown }>) {
  const { id, callId, supervisorDeviceId, agentDeviceId, operation } = supervision;
  return { supervisionId: id, callId, supervisorDeviceId, agentDeviceId, operation };
}
