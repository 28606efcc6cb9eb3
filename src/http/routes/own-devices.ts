import type { FastifyInstance } from 'fastify';
import { listing, type Query } from '../../genesys/listing.ts';
import { OK } from '../../genesys/status.ts';
import { userOf } from '../log-in.ts';
import type { Desk } from '../ports.ts';

/** GET /api/v2/me/devices: the telephones of whoever is logged in. */
export function ownDevices(app: FastifyInstance, { roster, devices, uris }: Desk): void {
  app.get<{ Querystring: Query }>('/api/v2/me/devices', (request) => {
    const own = roster.devicesOf(userOf(request).id).map(({ id }) => devices.resource(id));
    return { ...OK, ...listing('devices', own, ({ id }) => uris.device(id), request.query) };
  });
}
