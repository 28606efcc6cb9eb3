import type { FastifyInstance } from 'fastify';
import { pick, type Query } from '../../genesys/listing.ts';
import { OK } from '../../genesys/status.ts';
import type { Desk } from '../ports.ts';

/** GET /api/v2/devices/{id}: one telephone. */
export function device(app: FastifyInstance, { devices }: Desk): void {
  app.get<{ Params: { id: string }; Querystring: Query }>('/api/v2/devices/:id', ({ params, query }) => ({
    ...OK,
    device: pick(devices.resource(params.id), query['fields']),
  }));
}
