import type { FastifyInstance } from 'fastify';

/** GET /health: whether the process serves; needs no log-in and tells nothing else. */
export function health(app: FastifyInstance): void {
  app.get('/health', (_, reply) => reply.header('Cache-Control', 'no-store').send({ status: 'up' }));
}
