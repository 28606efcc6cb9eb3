import type { User } from '../coaching/device.ts';
import type { Desk } from './ports.ts';
import type { Sessions } from './sessions.ts';

/** Ends what the user monitors, and what monitors the user; then the session. */
export async function logOut(user: User, desk: Desk, sessions: Sessions): Promise<void> {
  const own = new Set(desk.roster.devicesOf(user.id).map(({ id }) => id));
  const monitoring = desk.roster.devices.filter(({ id }) => {
    const target = desk.switchboard.device(id).monitoring?.targetDeviceId;
    return target !== undefined && (own.has(id) || own.has(target));
  });
  await Promise.all(monitoring.map(({ id }) => desk.switchboard.cancelMonitoring(id, { leaveCall: true })));
  sessions.close(user.id);
  desk.notifications.loggedOut(user.id);
}
