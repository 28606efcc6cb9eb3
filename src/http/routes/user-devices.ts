import type { FastifyInstance } from 'fastify';
import { EarpieceError } from '../../coaching/errors.ts';
import { listing, type Query } from '../../genesys/listing.ts';
import { OK } from '../../genesys/status.ts';
import { requireRole } from '../log-in.ts';
import type { Desk } from '../ports.ts';

/** GET /api/v2/users/{id}/devices: the telephones of somebody, for administrators. */
export function userDevices(app: FastifyInstance, { roster, devices, uris }: Desk): void {
  app.get<{ Params: { id: string }; Querystring: Query }>('/api/v2/users/:id/devices', (request) => {
    requireRole(request, 'admin');
    const user = roster.user(request.params.id);
    if (user === undefined) throw new EarpieceError('not-found', `there is no user ${request.params.id}`);
    const theirs = roster.devicesOf(user.id).map(({ id }) => devices.resource(id));
    return { ...OK, ...listing('devices', theirs, ({ id }) => uris.device(id), request.query) };
  });
}
