import type { CallId } from './call.ts';
import type { DeviceId } from './device.ts';

/** Which supervisors are not in which calls, or not any more, because there was no media server: to be made good when there is one. */
export class MissedCalls {
  readonly #missed = new Map<CallId, Set<DeviceId>>();

  missedBy(supervisorDeviceId: DeviceId, callId: CallId): void {
    const others = this.#missed.get(callId) ?? new Set();
    this.#missed.set(callId, others.add(supervisorDeviceId));
  }

  /** The call is over. */
  forget(callId: CallId): void {
    this.#missed.delete(callId);
  }

  /** All of them, once. */
  take(): { readonly callId: CallId; readonly supervisorDeviceId: DeviceId }[] {
    const missed = [...this.#missed].flatMap(([callId, supervisors]) =>
      [...supervisors].map((supervisorDeviceId) => ({ callId, supervisorDeviceId })),
    );
    this.#missed.clear();
    return missed;
  }
}
