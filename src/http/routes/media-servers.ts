import type { FastifyInstance } from 'fastify';
import { EarpieceError } from '../../coaching/errors.ts';
import { parseMediaServerOperation } from '../../genesys/operation.ts';
import { OK } from '../../genesys/status.ts';
import { requireRole } from '../log-in.ts';
import type { Desk } from '../ports.ts';

/**
 * For administrators. GET /admin/media-servers and /admin/media-servers/{id}: the FreeSWITCH servers. POST to one of them: `Drain`, it takes
 * no new rooms and is `drained` when its last one has closed; `Undrain`.
 */
export function mediaServers(app: FastifyInstance, { servers }: Desk): void {
  app.get('/admin/media-servers', (request) => {
    requireRole(request, 'admin');
    return { ...OK, mediaServers: servers.mediaServers };
  });

  app.get<{ Params: { id: string } }>('/admin/media-servers/:id', (request) => {
    requireRole(request, 'admin');
    const { id } = request.params;
    const mediaServer = servers.mediaServers.find((each) => each.id === id);
    if (mediaServer === undefined) throw new EarpieceError('not-found', `there is no media server ${id}`);
    return { ...OK, mediaServer };
  });

  app.post<{ Params: { id: string } }>('/admin/media-servers/:id', (request) => {
    requireRole(request, 'admin');
    const { operationName } = parseMediaServerOperation(request.body);
    return { ...OK, mediaServer: servers.drain(request.params.id, operationName === 'Drain') };
  });
}
