import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import Srf from 'drachtio-srf';
import { EarpieceError } from '../coaching/errors.ts';
import type { Logger } from '../log.ts';
import { Complaints } from './complaints.ts';
import { endOnFault } from './fault-guard.ts';
import { Patience } from './patience.ts';

export interface DrachtioAddress {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
}

/** A connection to drachtio that carries nothing but the dialogs with media servers. It comes back by itself. */
export interface Drachtio {
  readonly srf: Srf;
  /** Whether an INVITE could be sent now. */
  readonly isUp: () => boolean;
  close(): void;
}

/** What drachtio-srf does not declare: its wire protocol, which says `connect` with each new socket. */
interface Wired {
  readonly app: { readonly client: { readonly wp: EventEmitter } };
}

/**
 * Rejects with `unavailable` (wrong secret) or `timeout`; then the connection is not tried again. `limitMs`: ms. `onChanged` is called when
 * the connection is lost, and when it is back.
 */
export async function connectDrachtio(
  { host, port, secret }: DrachtioAddress,
  limitMs: number,
  log: Logger,
  onChanged: () => void = () => undefined,
): Promise<Drachtio> {
  const srf = new Srf();
  let closed = false;
  let up = false;
  const failures = new Complaints((reason) =>
    log.warn({ reason }, 'connection of the media side to drachtio is down, trying again'),
  );
  const hangUp = () => {
    try {
      srf.disconnect();
    } catch (error) {
      // There is no connection at the moment; the one that comes up next is closed by the listener below.
      log.debug({ err: error }, 'drachtio was not connected when it was closed');
    }
  };
  const close = () => {
    if (closed) return;
    closed = true;
    hangUp();
  };
  const connected = new Promise<void>((resolve, reject) => {
    srf.on('connect', (error: Error | null) => {
      up = error === null && !closed;
      if (up) failures.settled();
      onChanged();
      if (closed) hangUp();
      else if (error === null) resolve();
      // drachtio-srf tries a wrong secret again every 255 ms for ever (measured, 5.0.29).
      else reject(new EarpieceError('unavailable', 'drachtio refuses the secret'));
    });
  });
  // The types of drachtio-srf 5.0.29 do not know this event.
  (srf as EventEmitter).on('close', () => {
    if (up && !closed) failures.complain('it was closed');
    up = false;
    onChanged();
  });
  srf.on('error', (error) => failures.complain(error.message));
  void srf.connect({ host, port, secret });
  // drachtio-srf 5.0.29 throws out of the socket's event at a message it cannot read, and again at whatever comes next (read, and tried).
  const { wp } = (srf as unknown as Wired).app.client;
  wp.on('connect', (socket: Socket) =>
    endOnFault(socket, (error) => log.error({ err: error }, 'drachtio made no sense to the media side')),
  );
  try {
    await new Patience().wait(`connecting to drachtio at ${host}:${port}`, limitMs, connected);
  } catch (error) {
    close();
    throw error;
  }
  return { srf, isUp: () => up, close };
}
