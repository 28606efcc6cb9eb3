import type { FastifyInstance } from 'fastify';
import { healthOf } from '../health.ts';
import type { Desk } from '../ports.ts';

/** GET /health: whether calls are taken, and how everything stands that we depend on; needs no log-in and tells no secret. */
export function health(app: FastifyInstance, { servers }: Desk): void {
  app.get('/health', (_, reply) => {
    const found = healthOf(servers);
    return reply
      .code(found.status === 'down' ? 503 : 200)
      .header('Cache-Control', 'no-store')
      .send(found);
  });
}
