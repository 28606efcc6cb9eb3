import type { FastifyInstance } from 'fastify';
import { OK } from '../../genesys/status.ts';
import { userResource } from '../../genesys/user.ts';
import { userOf } from '../log-in.ts';
import type { Desk } from '../ports.ts';

/** GET /api/v2/me: who is logged in. */
export function me(app: FastifyInstance, { uris }: Desk): void {
  app.get('/api/v2/me', (request) => ({ ...OK, user: userResource(userOf(request), uris) }));
}
