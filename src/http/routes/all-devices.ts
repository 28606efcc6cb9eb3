import type { FastifyInstance } from 'fastify';
import { listing, type Query } from '../../genesys/listing.ts';
import { OK } from '../../genesys/status.ts';
import { requireRole } from '../log-in.ts';
import type { Desk } from '../ports.ts';

/** GET /api/v2/devices: every telephone, for administrators. */
export function allDevices(app: FastifyInstance, { roster, devices, uris }: Desk): void {
  app.get<{ Querystring: Query }>('/api/v2/devices', (request) => {
    requireRole(request, 'admin');
    const all = roster.devices.map(({ id }) => devices.resource(id));
    return { ...OK, ...listing('devices', all, ({ id }) => uris.device(id), request.query) };
  });
}
