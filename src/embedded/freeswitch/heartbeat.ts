import { MAX_SESSIONS, uptime } from './api/status.ts';
import type { Channels } from './channels.ts';
import { type EventBus, VERSION } from './event-bus.ts';

/** FreeSWITCH's interval; the first comes soon after the start, so that clients know the limits early. */
const INTERVAL_MS = 20_000;
const FIRST_MS = 1000;

/** Publishes HEARTBEAT, from which fsmrf reads load and limits. @returns the function that ends it */
export function startHeartbeat(bus: EventBus, channels: Channels): () => void {
  const first = setTimeout(() => beat(bus, channels), FIRST_MS).unref();
  const timer = setInterval(() => beat(bus, channels), INTERVAL_MS).unref();
  return () => {
    clearTimeout(first);
    clearInterval(timer);
  };
}

function beat(bus: EventBus, channels: Channels): void {
  const up = Date.now() - bus.startedAt;
  const event = bus
    .create('HEARTBEAT')
    .set('Event-Info', 'System Ready')
    .set('Up-Time', uptime(up))
    .set('FreeSWITCH-Version', `${VERSION}~64bit`)
    .set('Uptime-msec', up)
    .set('Session-Count', channels.count)
    .set('Max-Sessions', MAX_SESSIONS)
    .set('Session-Per-Sec', 1000)
    .set('Session-Per-Sec-Last', 0)
    .set('Session-Per-Sec-Max', channels.peak)
    .set('Session-Per-Sec-FiveMin', channels.peak)
    .set('Session-Since-Startup', channels.begun)
    .set('Session-Peak-Max', channels.peak)
    .set('Session-Peak-FiveMin', channels.peak)
    .set('Idle-CPU', '100.000000');
  bus.publish(event);
}
