import type { DeviceId, User } from '../coaching/device.ts';
import { EarpieceError } from '../coaching/errors.ts';
import type { Desk } from './ports.ts';
import type { Sessions } from './sessions.ts';

/** Ends what the user monitors, and what monitors the user; then the session. */
export async function logOut(user: User, desk: Desk, sessions: Sessions): Promise<void> {
  const own = new Set(desk.roster.devicesOf(user.id).map(({ id }) => id));
  const monitoring = desk.roster.devices.filter(({ id }) => {
    const target = desk.switchboard.device(id).monitoring?.targetDeviceId;
    return target !== undefined && (own.has(id) || own.has(target));
  });
  try {
    await Promise.all(monitoring.map(({ id }) => cancelled(desk, id)));
  } finally {
    sessions.close(user.id);
    desk.notifications.loggedOut(user.id);
  }
}

/** A monitoring that has just ended by itself, with its call or with another log-out, is cancelled too. */
async function cancelled({ switchboard }: Desk, id: DeviceId): Promise<void> {
  try {
    await switchboard.cancelMonitoring(id, { leaveCall: true });
  } catch (error) {
    if (!(error instanceof EarpieceError && error.code === 'invalid-state')) throw error;
  }
}
