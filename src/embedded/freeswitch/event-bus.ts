import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { SwitchEvent } from './event.ts';

/** The version this miniature was measured against and answers as. */
export const VERSION = '1.10.12-release';

type Listener = (event: SwitchEvent) => void;

/** The core's event queue: every event gets the common headers and goes to every listener at once, in order. */
export class EventBus {
  readonly coreUuid = randomUUID();
  readonly hostname = hostname();
  readonly startedAt = Date.now();
  readonly #address: string;
  readonly #listeners = new Set<Listener>();
  #sequence = 0;

  /** @param address the IPv4 address the server says of itself in every event */
  constructor(address: string) {
    this.#address = address;
  }

  /** A new event with the headers that every event of a real server starts with; nothing is sent yet. */
  create(name: string, subclass?: string): SwitchEvent {
    const now = Date.now();
    return new SwitchEvent(name, subclass)
      .set('Core-UUID', this.coreUuid)
      .set('FreeSWITCH-Hostname', this.hostname)
      .set('FreeSWITCH-Switchname', this.hostname)
      .set('FreeSWITCH-IPv4', this.#address)
      .set('FreeSWITCH-IPv6', '::1')
      .set('Event-Date-Local', localTime(now))
      .set('Event-Date-GMT', new Date(now).toUTCString())
      .set('Event-Date-Timestamp', String(now * 1000))
      .set('Event-Sequence', ++this.#sequence);
  }

  publish(event: SwitchEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  /** @returns the function that ends the subscription */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

/** `2026-11-22 17:06:52` in local time, as FreeSWITCH prints dates. */
export function localTime(milliseconds: number): string {
  const offset = new Date(milliseconds).getTimezoneOffset() * 60_000;
  return new Date(milliseconds - offset).toISOString().slice(0, 19).replace('T', ' ');
}
