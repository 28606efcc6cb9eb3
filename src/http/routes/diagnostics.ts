import type { FastifyInstance } from 'fastify';
import { OK } from '../../genesys/status.ts';

/** GET /api/v2/diagnostics/version. */
export function diagnostics(app: FastifyInstance, version: string): void {
  app.get('/api/v2/diagnostics/version', () => ({ ...OK, version }));
}
