import type { Admission } from './admission.ts';
import { uptime } from './api/status.ts';
import type { Channels } from './channels.ts';
import { type EventBus, VERSION } from './event-bus.ts';
import { IdleCpu } from './idle-cpu.ts';

/** The first comes soon after the start, so that clients know the limits early. */
const FIRST_MS = 1000;

export interface HeartbeatSources {
  readonly bus: EventBus;
  readonly channels: Channels;
  readonly admission: Admission;
}

/**
 * Publishes HEARTBEAT, from which clients read load and limits.
 *
 * @param intervalSeconds FreeSWITCH's event-heartbeat-interval
 * @returns the function that ends it
 */
export function startHeartbeat(sources: HeartbeatSources, intervalSeconds: number): () => void {
  const cpu = new IdleCpu();
  const beat = (): void => publish(sources, cpu.read());
  const interval = intervalSeconds * 1000;
  const first = setTimeout(beat, Math.min(FIRST_MS, interval)).unref();
  const timer = setInterval(beat, interval).unref();
  return () => {
    clearTimeout(first);
    clearInterval(timer);
  };
}

function publish({ bus, channels, admission: { maxSessions, rate } }: HeartbeatSources, idle: number): void {
  const up = Date.now() - bus.startedAt;
  const event = bus
    .create('HEARTBEAT')
    .set('Event-Info', 'System Ready')
    .set('Up-Time', uptime(up))
    .set('FreeSWITCH-Version', `${VERSION}~64bit`)
    .set('Uptime-msec', up)
    .set('Session-Count', channels.count)
    .set('Max-Sessions', maxSessions)
    .set('Session-Per-Sec', rate.left)
    .set('Session-Per-Sec-Last', rate.last)
    .set('Session-Per-Sec-Max', rate.peak)
    .set('Session-Per-Sec-FiveMin', rate.recentPeak)
    .set('Session-Since-Startup', channels.begun)
    .set('Session-Peak-Max', channels.peak)
    .set('Session-Peak-FiveMin', channels.peak)
    .set('Idle-CPU', idle.toFixed(6));
  bus.publish(event);
}
