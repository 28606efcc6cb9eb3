import type { FastifyInstance } from 'fastify';
import { parseUserOperation } from '../../genesys/operation.ts';
import { OK } from '../../genesys/status.ts';
import { logOut } from '../log-out.ts';
import { userOf } from '../log-in.ts';
import type { Desk } from '../ports.ts';
import type { Sessions } from '../sessions.ts';

/** POST /api/v2/me: begins and ends the session of whoever is logged in. */
export function userOperation(app: FastifyInstance, desk: Desk, sessions: Sessions): void {
  app.post('/api/v2/me', async (request) => {
    const { operationName } = parseUserOperation(request.body);
    if (operationName === 'EndContactCenterSession') await logOut(userOf(request), desk, sessions);
    return OK;
  });
}
